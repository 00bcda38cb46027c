/**
 * The MCP gate: one request handler for every transport and era, over one set of catalogs, sessions and pins.
 * This file puts the parts together; route-request.ts holds the order in which a request is looked at.
 */
import type { ActionDraft } from "@aegisflow/core";
import { createToolCallDescriber, type DescribeToolCall } from "@aegisflow/core/tool-calls/describe-tool-call";
import type { Governance } from "../../governance/govern.ts";
import { createLocalRequestCheck, type LocalRequestCheck } from "../../http/local-request.ts";
import type { InboundRequest, RequestHandler } from "../../runtime/runtime.ts";
import { type CatalogProblem, createToolCatalog } from "./catalog/tool-catalog.ts";
import { createUpstreamLists, type UpstreamListener } from "./catalog/upstream-lists.ts";
import type { McpCaller } from "./exchange.ts";
import type { GateContext, GateSources, McpGateSettings } from "./gate-context.ts";
import type { UpstreamProvider } from "./gate-upstream.ts";
import { createLegacySessions } from "./legacy-sessions.ts";
import { createListenStreams } from "./listen-streams.ts";
import { createNotifier } from "./notify-clients.ts";
import { createPresence } from "./presence.ts";
import { createRequestSlots } from "./request-slots.ts";
import { routeMcpRequest, type Serving } from "./route-request.ts";
import { createLegacyServer } from "./serve-legacy.ts";
import { createModernServer } from "./serve-modern.ts";
import { createSseServer } from "./serve-sse.ts";
import { createSuspendedCalls } from "./suspended-calls.ts";
import type { ToolPins } from "./tool-pins.ts";
import { createUpstreamPreferences } from "./upstream-preferences.ts";
import { createTokenSealer } from "./wire/sealed-token.ts";

export interface McpGatePorts {
  readonly governance: Pick<Governance, "govern" | "preview">;
  /** @throws AegisError `unauthenticated` (401) or `forbidden` (403). */
  readonly authenticate: (request: InboundRequest) => Promise<McpCaller>;
  /** Whether the caller of an open session or stream may still call: its key may have been revoked meanwhile. */
  readonly isStillValid: (caller: McpCaller) => boolean;
  /** Whether rules alone would let some call like this one pass, whatever its target and arguments: `mayPassRules`. */
  readonly mayPass: (draft: ActionDraft) => boolean;
  readonly upstreams: UpstreamProvider;
  readonly pins: ToolPins;
  readonly sources: GateSources;
}

export interface McpGateOptions {
  /** Read for each request, so that a reload takes effect at once. */
  readonly settings: () => McpGateSettings;
  readonly version: string;
  /** At least 32 secret bytes, the same across restarts: seals what clients carry for us. */
  readonly tokenSecret: Uint8Array;
}

export interface McpGate {
  readonly handler: RequestHandler;
  /** What the operator should mend: conflicting names, unservable tools, lists that could not be read. */
  problems(): Promise<readonly CatalogProblem[]>;
  /** Tells clients that lists may look different: after a reload of policy or configuration. */
  announceListChanges(): void;
  close(): void;
}

export function createMcpGate(ports: McpGatePorts, options: McpGateOptions): McpGate {
  const clients: { take: UpstreamListener } = { take: () => undefined };
  const context = createContext(ports, options, (...said) => clients.take(...said));
  const { clock, ids } = context.sources;
  const preferences = context.preferences;
  const listening = createListenStreams(context);
  const sessions = createLegacySessions({
    ...context.sources,
    isStillValid: ports.isStillValid,
    limits: () => options.settings().sessions,
    onClosed(session) {
      for (const [uri, upstreamName] of session.state.subscriptions) preferences.unwatch(upstreamName, uri);
    },
    onSweep: () => listening.closeInvalid(ports.isStillValid),
  });
  const suspended = createSuspendedCalls(clock, ids);
  const presence = createPresence(clock);
  const resultPolicy = () => options.settings().resultPolicy;
  const notifier = createNotifier({ sessions, listening, presence, clock, resultPolicy });
  clients.take = notifier.take;
  const serving: Serving = {
    async authenticate(request) {
      const caller = await ports.authenticate(request);
      presence.note(caller);
      return caller;
    },
    localCheck: localCheckOf(options.settings),
    requestBytesMax: () => options.settings().requestBytesMax,
    modern: createModernServer(context, suspended, listening),
    legacy: createLegacyServer(context, sessions),
    sse: createSseServer(context, sessions),
  };

  return {
    handler: (request) => routeMcpRequest(request, serving),
    async problems() {
      const { problems } = await context.tools.view();
      return [...problems, ...context.lists.problems().map((message) => ({ upstreams: [], message }))];
    },
    announceListChanges: notifier.announceAll,
    close() {
      notifier.close();
      listening.closeAll();
      suspended.close();
      sessions.closeAll();
      preferences.close();
      context.lists.close();
    },
  };
}

/** The check is made anew only when the settings changed. */
function localCheckOf(settings: () => McpGateSettings): () => LocalRequestCheck {
  let made: { readonly from: McpGateSettings; readonly check: LocalRequestCheck } | undefined;
  return () => {
    const from = settings();
    if (made?.from !== from) made = { from, check: createLocalRequestCheck(from) };
    return made.check;
  };
}

function describerOf(settings: () => McpGateSettings): DescribeToolCall {
  let made: { readonly from: McpGateSettings["targets"]; readonly describe: DescribeToolCall } | undefined;
  return (tool, args, actor) => {
    const from = settings().targets;
    if (made?.from !== from) made = { from, describe: createToolCallDescriber(from) };
    return made.describe(tool, args, actor);
  };
}

function createContext(ports: McpGatePorts, options: McpGateOptions, onNotification: UpstreamListener): GateContext {
  const { upstreams, sources, pins } = ports;
  const lists = createUpstreamLists(upstreams, sources.clock, onNotification);
  return {
    governance: ports.governance,
    mayPass: ports.mayPass,
    upstreams,
    lists,
    tools: createToolCatalog({ upstreams, lists, pins, clock: sources.clock }),
    pins,
    preferences: createUpstreamPreferences(upstreams),
    describe: describerOf(options.settings),
    sealer: createTokenSealer(options.tokenSecret, sources.random),
    slots: createRequestSlots(),
    sources,
    settings: options.settings,
    identity: { name: "aegisflow-mcp-gateway", title: "AegisFlow MCP gateway", version: options.version },
  };
}

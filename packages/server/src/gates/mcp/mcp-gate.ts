/**
 * The MCP gate: one request handler for every transport and era. The order of refusals is fixed: foreign web pages
 * first, then unknown callers, then what cannot be read, and only then anything of MCP. There is no path on which a
 * message is served without these.
 */
import { type ActionDraft, isAegisError } from "@aegisflow/core";
import type { Governance } from "../../governance/govern.ts";
import { ERROR_TABLE } from "../../http/error-response.ts";
import { createLocalRequestCheck, type LocalRequestCheck } from "../../http/local-request.ts";
import type { InboundRequest, OutboundResponse, RequestHandler } from "../../runtime/runtime.ts";
import { type CatalogProblem, createToolCatalog } from "./catalog/tool-catalog.ts";
import { createUpstreamLists, type UpstreamListener } from "./catalog/upstream-lists.ts";
import { createToolCallDescriber, type DescribeToolCall } from "@aegisflow/core/tool-calls/describe-tool-call";
import type { McpCaller } from "./exchange.ts";
import type { GateContext, GateSources, McpGateSettings } from "./gate-context.ts";
import type { UpstreamProvider } from "./gate-upstream.ts";
import { createLegacySessions } from "./legacy-sessions.ts";
import { createListenStreams } from "./listen-streams.ts";
import { createNotifier } from "./notify-clients.ts";
import { createLegacyServer } from "./serve-legacy.ts";
import { createModernServer } from "./serve-modern.ts";
import { createSseServer } from "./serve-sse.ts";
import { createSuspendedCalls } from "./suspended-calls.ts";
import type { ToolPins } from "./tool-pins.ts";
import { createUpstreamPreferences } from "./upstream-preferences.ts";
import { isJsonContentType } from "./wire/accept.ts";
import { encodeError, isJsonObject, parseRpcBody, type RpcBody, textOf } from "./wire/json-rpc.ts";
import { assertLegacyBatch, eraOf } from "./wire/modern-envelope.ts";
import { JSON_HEADERS } from "./wire/reply.ts";
import { INVALID_REQUEST, PARSE_ERROR, RpcError, toErrorObject, toRpcError } from "./wire/rpc-error.ts";
import { createTokenSealer } from "./wire/sealed-token.ts";
import { isModernVersion } from "./wire/versions.ts";

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
  const notifier = createNotifier({ sessions, listening, clock, resultPolicy: () => options.settings().resultPolicy });
  clients.take = notifier.take;
  const servers: Servers = {
    modern: createModernServer(context, suspended, listening),
    legacy: createLegacyServer(context, sessions),
    sse: createSseServer(context, sessions),
  };
  const localCheck = localCheckOf(options.settings);

  return {
    handler: (request) => handle(request, { ports, options, servers, localCheck }),
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

interface Servers {
  readonly modern: ReturnType<typeof createModernServer>;
  readonly legacy: ReturnType<typeof createLegacyServer>;
  readonly sse: ReturnType<typeof createSseServer>;
}

interface Serving {
  readonly ports: McpGatePorts;
  readonly options: McpGateOptions;
  readonly servers: Servers;
  readonly localCheck: () => LocalRequestCheck;
}

async function handle(request: InboundRequest, serving: Serving): Promise<OutboundResponse> {
  try {
    if (request.path === "/health") return health(request);
    serving.localCheck().assertLocal(request.headers);
    const caller = await serving.ports.authenticate(request);
    return await route(request, caller, serving);
  } catch (error) {
    return refusal(error);
  }
}

/** Says that the process answers, to anyone; nothing else is served without a key, whatever the method. */
function health(request: InboundRequest): OutboundResponse {
  if (request.method !== "GET" && request.method !== "HEAD") throw wrongMethod(request, "GET");
  return { status: 200, headers: { ...JSON_HEADERS }, body: request.method === "HEAD" ? null : '{"status":"ok"}' };
}

const SSE_SESSION_PATH = /^\/mcp\/session\/([0-9a-f]{32})$/;

/** `/mcp` and `/` are one endpoint; the other two are the transport of 2024-11-05. */
function route(
  request: InboundRequest,
  caller: McpCaller,
  serving: Serving,
): Promise<OutboundResponse> | OutboundResponse {
  const { method, path } = request;
  const sessionId = sseSessionOf(request);
  if (sessionId !== undefined) {
    if (method !== "POST") throw wrongMethod(request, "POST");
    return readBody(request, serving).then((body) => serving.servers.sse.post(request, caller, sessionId, body));
  }
  if (path === "/sse") {
    if (method !== "GET") throw wrongMethod(request, "GET");
    return serving.servers.sse.open(request, caller);
  }
  if (path !== "/mcp" && path !== "/")
    throw new RpcError(INVALID_REQUEST, `nothing is served at this path; use /mcp`, { status: 404 });
  if (method === "POST") return readBody(request, serving).then((body) => post(request, caller, body, serving.servers));
  if ((method !== "GET" && method !== "DELETE") || isModernHeader(request)) throw wrongMethod(request, "POST");
  return method === "GET"
    ? serving.servers.legacy.get(request, caller)
    : serving.servers.legacy.delete(request, caller);
}

function post(request: InboundRequest, caller: McpCaller, body: RpcBody, servers: Servers): Promise<OutboundResponse> {
  if (body.kind === "batch") {
    assertLegacyBatch(body.messages, request.headers);
    return servers.legacy.post(request, caller, body);
  }
  const era = eraOf(body.message, request.headers);
  return era === "modern"
    ? servers.modern.post(request, caller, body.message)
    : servers.legacy.post(request, caller, body);
}

function sseSessionOf({ path, query }: InboundRequest): string | undefined {
  if (path === "/messages") return new URLSearchParams(query).get("sessionId") ?? "";
  return SSE_SESSION_PATH.exec(path)?.[1];
}

function isModernHeader({ headers }: InboundRequest): boolean {
  return isModernVersion(headers.get("mcp-protocol-version")?.trim() ?? "");
}

async function readBody(request: InboundRequest, { options }: Serving): Promise<RpcBody> {
  if (!isJsonContentType(request.headers.get("content-type"))) {
    throw new RpcError(INVALID_REQUEST, "send Content-Type: application/json", { status: 415 });
  }
  const bytesMax = options.settings().requestBytesMax;
  const bytes = await request.readBody(bytesMax);
  return parseRpcBody(decodeUtf8(bytes), bytesMax);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RpcError(PARSE_ERROR, "parse error: the body is not UTF-8 text", { status: 400 });
  }
}

function wrongMethod({ method }: InboundRequest, allow: string): RpcError {
  return new RpcError(INVALID_REQUEST, `method not allowed: ${method.slice(0, 20)}; use ${allow}`, {
    status: 405,
    data: { allow },
  });
}

/** A refusal before any message was served: an HTTP status, and the same in the words of JSON-RPC. */
function refusal(error: unknown): OutboundResponse {
  const known = toRpcError(error);
  const status = isAegisError(error) ? ERROR_TABLE[error.code].status : known.status === 200 ? 500 : known.status;
  const headers: Record<string, string> = { ...JSON_HEADERS };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="aegisflow"';
  if (status === 405 && known.data !== undefined) headers["allow"] = allowOf(known);
  if (status === 413) headers["connection"] = "close";
  if (status === 429 || status === 503) headers["retry-after"] = "1";
  return { status, headers, body: encodeError(null, toErrorObject(known)) };
}

function allowOf(error: RpcError): string {
  return isJsonObject(error.data) ? textOf(error.data["allow"]) : "POST";
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
    sources,
    settings: options.settings,
    identity: { name: "aegisflow-mcp-gateway", title: "AegisFlow MCP gateway", version: options.version },
  };
}

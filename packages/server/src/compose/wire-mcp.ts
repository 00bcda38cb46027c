/** The MCP gate with its upstreams, pins and settings, from the configuration in force. */
import { join } from "node:path";
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { DEFAULT_TENANT, type Principal } from "@aegisflow/core/identity/principal";
import { parseDurationMs } from "@aegisflow/core/units";
import { PRODUCT_VERSION } from "@aegisflow/core/version";
import type { McpGateSettings } from "../gates/mcp/gate-context.ts";
import type { GateUpstream } from "../gates/mcp/gate-upstream.ts";
import { createMcpGate, type McpGate } from "../gates/mcp/mcp-gate.ts";
import { createToolPins, type ToolPins } from "../gates/mcp/tool-pins.ts";
import { loopbackAuthorize } from "../gates/mcp/upstreams/oauth-loopback.ts";
import { fileSignInStore } from "../gates/mcp/upstreams/oauth-store.ts";
import { openUpstreams, type Upstreams } from "../gates/mcp/upstreams/upstreams.ts";
import type { Governance } from "../governance/govern.ts";
import type { Authenticator } from "../identity/identity.ts";
import { createEmbeddedToolPinStore } from "../storage/embedded/tool-pin-store.ts";
import type { Foundation } from "./foundation.ts";
import { perConfig } from "./per-config.ts";
import type { PolicySlot } from "./policy-slot.ts";

export interface McpSide {
  readonly gate: McpGate;
  readonly pins: ToolPins;
  readonly upstreams: Upstreams;
  close(): Promise<void>;
}

export function wireMcp(
  foundation: Foundation,
  slot: PolicySlot,
  governance: Governance,
  authenticator: Authenticator,
): McpSide {
  const { database, evidence, sources, runtime, log, secrets, home } = foundation;
  const mode = (): "review" | "block" | "off" => slot.current().config.mcp_gateway.tool_pinning.mode;
  const pins = createToolPins({ store: createEmbeddedToolPinStore(database), evidence, clock: sources.clock, mode });
  const upstreams = openUpstreams(slot.current().config.mcp_gateway.upstreams, {
    runtime,
    ...sources,
    onLog: ({ level, upstream, message }) => log[level](message, { upstream }),
    authorize: loopbackAuthorize(runtime, (upstream, message) => log.warn(message, { upstream })),
    signIns: fileSignInStore(join(home, "upstream-sign-ins")),
  });
  const gate = createMcpGate(
    {
      governance,
      authenticate: (request) => {
        if (!slot.current().config.mcp_gateway.require_auth && !hasKey(request.headers))
          return Promise.resolve(ANYBODY);
        return Promise.resolve(authenticator.authenticate(request.headers, request.remoteAddress));
      },
      isStillValid: (caller) => caller.id === ANYBODY.id || authenticator.isStillValid(caller),
      mayPass: slot.mayPass,
      upstreams: gateUpstreams(slot, upstreams),
      pins,
      sources,
    },
    { settings: perConfig(slot, toSettings), version: PRODUCT_VERSION, tokenSecret: secrets.tokenSecret },
  );
  slot.onApplied(({ config }) => {
    upstreams.reconcile(config.mcp_gateway.upstreams).then(
      () => gate.announceListChanges(),
      (error: unknown) => log.error("upstreams could not be changed", { error: String(error) }),
    );
  });
  return {
    gate,
    pins,
    upstreams,
    async close() {
      gate.close();
      await upstreams.close();
    },
  };
}

/** With `require_auth: false` (loopback only) a caller without a key is this one agent. */
const ANYBODY: Principal = { id: "anonymous", name: "anonymous", role: "agent", tenant: DEFAULT_TENANT };

function hasKey(headers: ReadonlyMap<string, string>): boolean {
  return headers.has("x-api-key") || headers.has("authorization");
}

function gateUpstreams(slot: PolicySlot, upstreams: Upstreams): () => readonly GateUpstream[] {
  return () => {
    const { upstreams: configs, request_timeout } = slot.current().config.mcp_gateway;
    const byName = new Map(configs.map((config) => [config.name, config]));
    return upstreams.list().flatMap((upstream) => {
      const config = byName.get(upstream.name);
      if (config === undefined) return [];
      const { prefix, tools, timeout } = config;
      return [{ upstream, prefix, tools, timeoutMs: parseDurationMs(timeout ?? request_timeout) }];
    });
  };
}

function toSettings({ mcp_gateway: mcp }: AegisConfig): McpGateSettings {
  return {
    bindHost: mcp.host,
    allowedHosts: mcp.allowed_hosts,
    allowedOrigins: mcp.allowed_origins,
    waitForApprovalMs: parseDurationMs(mcp.wait_for_approval),
    requestBytesMax: mcp.max_request_bytes,
    resultPolicy: { ...mcp.result_policy, resultBytesMax: mcp.max_result_bytes },
    sessions: {
      max: mcp.sessions.max,
      perCallerMax: mcp.sessions.max_per_key,
      idleMs: parseDurationMs(mcp.sessions.idle_timeout),
    },
    targets: mcp.targets,
  };
}

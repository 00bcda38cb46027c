/** From the configuration to what the gate reads: the one place that knows both. Pure. */
import type { McpGatewayConfig } from "@aegisflow/core/config/mcp-schema";
import { parseDurationMs } from "@aegisflow/core/units";
import type { McpGateSettings } from "./gate-context.ts";
import type { GateUpstream } from "./gate-upstream.ts";
import type { Upstream } from "./upstream.ts";

export function toGateSettings(config: McpGatewayConfig): McpGateSettings {
  const { sessions, result_policy: resultPolicy } = config;
  return {
    bindHost: config.host,
    allowedHosts: config.allowed_hosts,
    allowedOrigins: config.allowed_origins,
    waitForApprovalMs: parseDurationMs(config.wait_for_approval),
    requestBytesMax: config.max_request_bytes,
    resultPolicy: { ...resultPolicy, resultBytesMax: config.max_result_bytes },
    sessions: {
      max: sessions.max,
      perCallerMax: sessions.max_per_key,
      idleMs: parseDurationMs(sessions.idle_timeout),
    },
    targets: config.targets,
  };
}

/** The open connections with the names and limits configured for them, in the order of the configuration. */
export function toGateUpstreams(config: McpGatewayConfig, open: readonly Upstream[]): readonly GateUpstream[] {
  return config.upstreams.flatMap(({ name, prefix, tools, timeout }) => {
    const upstream = open.find((candidate) => candidate.name === name);
    const timeoutMs = parseDurationMs(timeout ?? config.request_timeout);
    return upstream === undefined ? [] : [{ upstream, prefix, tools, timeoutMs }];
  });
}

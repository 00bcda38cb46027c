/** How the parts are, for one viewer: a tenant's people see their own queue, not the installation's upstreams. */
import type { StatusView } from "@aegisflow/core/admin-api/admin-api";
import { DEFAULT_TENANT } from "@aegisflow/core/identity/principal";
import type { AdminOptions, AdminPorts } from "../admin-ports.ts";

export function statusView(
  ports: AdminPorts,
  options: AdminOptions,
  startedAtMs: number,
  visibleTenant: string | undefined,
): StatusView {
  const { configuration, approvals, evidence, mcp } = ports;
  const { version, policyHash, policy } = configuration.current();
  const { warnings, lastError } = configuration.status();
  const grant = configuration.breakGlass.current(visibleTenant ?? DEFAULT_TENANT);
  const health = evidence.health();
  const isOwn = visibleTenant === undefined;
  return {
    healthy: health.healthy,
    version: options.version,
    runtime: options.runtime,
    started_at: new Date(startedAtMs).toISOString(),
    uptime_s: Math.max(0, Math.floor((options.sources.clock.nowMs() - startedAtMs) / 1000)),
    policy: { version, hash: policyHash, default_decision: policy.defaultDecision },
    approvals: { pending: approvals.countPending(visibleTenant) },
    evidence: health,
    upstreams: isOwn ? mcp.upstreams().map((upstream) => ({ ...upstream })) : [],
    ...(grant === undefined
      ? {}
      : { break_glass: { id: grant.id, expires_at: new Date(grant.expiresAtMs).toISOString() } }),
    warnings: isOwn ? [...warnings, ...(lastError === undefined ? [] : [lastError])] : [],
  };
}

/**
 * Break-glass grants: an administrator lets *failing* engines be skipped for a while, never a block be overridden.
 * A grant has a reason, an end and an evidence record; it is recorded before it holds, and survives a restart.
 */
import { BREAK_GLASS_MINUTES_MAX } from "@aegisflow/core/admin-api/installation-routes";
import { AegisError } from "@aegisflow/core/errors";
import { hasRole, type Principal } from "@aegisflow/core/identity/principal";
import type { BreakGlass, Clock, EvidencePort, Ids } from "../governance/ports.ts";
import type { BreakGlassRow, BreakGlassStore } from "./break-glass-store.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { SYSTEM_SESSION } from "./record-version.ts";

/** Longest grant: longer than this is not an emergency but a configuration. */
export const BREAK_GLASS_MS_MAX = BREAK_GLASS_MINUTES_MAX * 60_000;
export const BREAK_GLASS_MS_MIN = 1_000;
const REASON_CHARS_MAX = 500;

export interface BreakGlassPorts {
  readonly store: BreakGlassStore;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly ids: Ids;
  readonly evidence: EvidencePort;
}

export interface GrantRequest {
  readonly tenant: string;
  readonly reason: string;
  readonly durationMs: number;
}

export interface BreakGlassGrants {
  /** @throws AegisError `forbidden` not an admin; `invalid-input`; `conflict` the tenant has one; `unavailable` not recorded. */
  grant(request: GrantRequest, principal: Principal): Promise<BreakGlassRow>;
  /** @throws AegisError `forbidden`, `not-found`, `conflict` it has ended already. */
  revoke(id: string, principal: Principal): Promise<BreakGlassRow>;
  /** The grant in force for the tenant; cheap, asked on every failing engine. */
  current(tenant: string): BreakGlass | undefined;
  list(query: Parameters<BreakGlassStore["list"]>[0]): readonly BreakGlassRow[];
}

export function openBreakGlass({ store, clock, ids, evidence }: BreakGlassPorts): BreakGlassGrants {
  const active = new Map<string, Held>();
  const inTurn = createOneAtATime();
  const hold = (row: BreakGlassRow): void => {
    const leftMs = Math.min(row.expiresAtMs - clock.nowMs(), BREAK_GLASS_MS_MAX);
    active.set(row.tenant, { row, deadlineMs: clock.monotonicMs() + leftMs });
  };
  for (const row of store.active(clock.nowMs())) hold(row);

  const current = (tenant: string): BreakGlass | undefined => {
    const held = active.get(tenant);
    if (held === undefined) return undefined;
    // Both clocks must agree that it still holds: a wall clock set back must not prolong it.
    const holds = clock.nowMs() < held.row.expiresAtMs && clock.monotonicMs() < held.deadlineMs;
    if (holds) return { id: held.row.id, expiresAtMs: held.row.expiresAtMs };
    active.delete(tenant);
    return undefined;
  };

  const grant = async (request: GrantRequest, principal: Principal): Promise<BreakGlassRow> => {
    assertNone(current(request.tenant));
    const { tenant, reason, durationMs } = request;
    const grantedAtMs = clock.nowMs();
    const id = ids.next();
    const expiresAtMs = grantedAtMs + durationMs;
    const { leaf } = await evidence.append({
      ...SYSTEM_SESSION,
      kind: "break-glass",
      p: { action: "grant", grant: id, tenant, until: new Date(expiresAtMs).toISOString() },
      disclosures: { by: principal.id, reason },
    });
    const row = { id, tenant, grantedBy: principal.id, reason, grantedAtMs, expiresAtMs, leaf };
    store.insert(row);
    hold(row);
    return row;
  };

  const revoke = async (id: string, principal: Principal): Promise<BreakGlassRow> => {
    const row = store.get(id);
    if (row === undefined) throw new AegisError("not-found", `there is no break-glass grant \`${id}\``);
    if (row.expiresAtMs <= clock.nowMs()) throw ended();
    // Ends before it is recorded: what makes the product stricter does not wait.
    if (active.get(row.tenant)?.row.id === id) active.delete(row.tenant);
    const revoked = store.revoke(id, clock.nowMs(), principal.id);
    if (revoked === undefined) throw ended();
    await evidence.append({
      ...SYSTEM_SESSION,
      kind: "break-glass",
      p: { action: "revoke", grant: id, tenant: row.tenant },
      disclosures: { by: principal.id },
      ref: { grant: row.leaf },
    });
    return revoked;
  };

  return {
    current,
    list: (query) => store.list(query),
    async grant(request, principal) {
      assertAdmin(principal);
      assertRequest(request);
      return inTurn(() => grant(request, principal));
    },
    async revoke(id, principal) {
      assertAdmin(principal);
      return inTurn(() => revoke(id, principal));
    },
  };
}

interface Held {
  readonly row: BreakGlassRow;
  readonly deadlineMs: number;
}

function assertAdmin(principal: Principal): void {
  if (!hasRole(principal.role, "admin")) throw new AegisError("forbidden", "break-glass needs role admin");
}

function assertRequest({ tenant, reason, durationMs }: GrantRequest): void {
  if (tenant === "") throw new AegisError("invalid-input", "say whose actions the grant covers: name the tenant");
  if (reason.trim() === "")
    throw new AegisError("invalid-input", "a break-glass grant needs a reason; it goes into evidence");
  if (reason.length > REASON_CHARS_MAX) {
    throw new AegisError("invalid-input", `the reason is too long; the most is ${REASON_CHARS_MAX} characters`);
  }
  if (!Number.isFinite(durationMs) || durationMs < BREAK_GLASS_MS_MIN || durationMs > BREAK_GLASS_MS_MAX) {
    throw new AegisError(
      "invalid-input",
      `a break-glass grant lasts from one second to ${BREAK_GLASS_MINUTES_MAX} minutes; ask again when it ends`,
    );
  }
}

function assertNone(grant: BreakGlass | undefined): void {
  if (grant === undefined) return;
  const until = new Date(grant.expiresAtMs).toISOString();
  throw new AegisError("conflict", `a grant is in force until ${until}; revoke \`${grant.id}\` first`);
}

function ended(): AegisError {
  return new AegisError("conflict", "the grant has ended already");
}

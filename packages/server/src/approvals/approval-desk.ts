/**
 * What the operations on approvals share: their ports, their limits, one lock per approval, and the calls that
 * are held. Not a face: approvals.ts is.
 */
import { AegisError } from "@aegisflow/core/errors";
import type { Principal } from "@aegisflow/core/identity/principal";
import { visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { Clock, EvidencePort } from "../governance/ports.ts";
import type { UrlOf } from "./approval-item.ts";
import type { ApprovalRow, ApprovalStore } from "./approval-store.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import type { PseudonymOf } from "./pseudonyms.ts";
import type { Waiters } from "./waiters.ts";

export interface ApprovalPorts {
  readonly store: ApprovalStore;
  readonly evidence: EvidencePort;
  readonly clock: Clock;
  readonly pseudonymOf: PseudonymOf;
  readonly urlOf: UrlOf;
  /** Asked for each request, so that a reloaded configuration counts from then on. */
  readonly limits: () => ApprovalLimits;
}

export interface ApprovalLimits {
  /** How long a request waits for a person, then an approval for its action; and how long a denial stands. */
  readonly ttlMs: number;
  readonly pendingPerTenantMax: number;
  /** Less than the tenant's, so that one agent cannot fill the queue for all. */
  readonly pendingPerRequesterMax: number;
}

export const DEFAULT_APPROVAL_LIMITS: ApprovalLimits = {
  ttlMs: 30 * 60_000,
  pendingPerTenantMax: 1_000,
  pendingPerRequesterMax: 250,
};

export interface ApprovalDesk extends ApprovalPorts {
  readonly lock: KeyedLock;
  readonly waiters: Waiters;
  /** Requests being recorded now, by tenant and by requester: they count as pending already. */
  readonly reserved: Map<string, number>;
}

/** The row when this principal may see it: a foreign tenant's approval does not exist for others. */
export function visibleRow(desk: ApprovalDesk, id: string, viewer: Principal): ApprovalRow | undefined {
  const row = desk.store.get(id);
  if (row === undefined) return undefined;
  const tenant = visibleTenantOf(viewer);
  if (tenant !== undefined && row.tenant !== tenant) return undefined;
  if (viewer.role === "agent" && row.requester !== viewer.id) return undefined;
  return row;
}

export function unknownApproval(id: string): AegisError {
  return new AegisError("not-found", `approval \`${id.slice(0, 100)}\` not found`);
}

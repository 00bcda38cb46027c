/**
 * Approvals: a person's yes or no to one exact action. Durable, bound to fingerprint and policy, single use,
 * expiring, never by who asked, and every step in the evidence of the session the action belongs to.
 */

import type { ApprovalItem, ApprovalStatusView } from "@aegisflow/core/admin-api/admin-api";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { ApprovalsPort } from "../governance/ports.ts";
import { type ApprovalDesk, type ApprovalPorts, visibleRow } from "./approval-desk.ts";
import { toApprovalItem, toApprovalStatus } from "./approval-item.ts";
import type { ApprovalRow } from "./approval-store.ts";
import { createKeyedLock } from "./keyed-lock.ts";
import { type ApprovalPage, type ApprovalPageQuery, listApprovals } from "./list-approvals.ts";
import { requestApproval } from "./request-approval.ts";
import { cancelRow, voteOn } from "./settle-approval.ts";
import { sweepApprovals } from "./sweep-approvals.ts";
import { waitForApproval } from "./wait-for-approval.ts";
import { createWaiters } from "./waiters.ts";

export { type ApprovalLimits, type ApprovalPorts, DEFAULT_APPROVAL_LIMITS } from "./approval-desk.ts";
export type { ApprovalPage, ApprovalPageQuery } from "./list-approvals.ts";
export { createPseudonyms, type PseudonymOf } from "./pseudonyms.ts";

export interface Approvals extends ApprovalsPort {
  /** Undefined: not found, or no longer pending. @throws AegisError `forbidden` for who asked and for weaker roles. */
  approve(id: string, reviewer: Principal, comment: string): Promise<ApprovalItem | undefined>;
  deny(id: string, reviewer: Principal, comment: string): Promise<ApprovalItem | undefined>;
  /** One's own request, or as an operator any. */
  cancel(id: string, by: Principal, comment: string): Promise<ApprovalStatusView | undefined>;
  get(id: string, viewer: Principal): ApprovalItem | undefined;
  status(id: string, viewer: Principal): ApprovalStatusView | undefined;
  list(viewer: Principal, query: ApprovalPageQuery): ApprovalPage;
  /** Requests that wait for a person, of one tenant or of all. */
  countPending(tenant?: string): number;
  /** Expires what is due and forgets old history; how many were expired. Called every few seconds. */
  sweep(signal: AbortSignal): Promise<number>;
}

export function createApprovals(ports: ApprovalPorts): Approvals {
  const desk: ApprovalDesk = { ...ports, lock: createKeyedLock(), waiters: createWaiters(), reserved: new Map() };
  const { store, clock, urlOf } = ports;
  const item = (row: ApprovalRow | undefined): ApprovalItem | undefined =>
    row === undefined ? undefined : toApprovalItem(row, clock.nowMs(), urlOf);
  return {
    async claim(key) {
      const row = store.consume({ ...key, atMs: clock.nowMs() });
      return row?.voteLeaf === undefined ? undefined : { approvalId: row.id, voteLeaf: row.voteLeaf };
    },
    request: (envelope, decision, leaf) => requestApproval(desk, envelope, decision, leaf),
    wait: (id, timeoutMs, signal) => waitForApproval(desk, id, timeoutMs, signal),
    approve: async (id, reviewer, comment) => item(await voteOn(desk, id, "approve", reviewer, comment)),
    deny: async (id, reviewer, comment) => item(await voteOn(desk, id, "deny", reviewer, comment)),
    async cancel(id, by, comment) {
      const row = await cancelRow(desk, id, by, comment);
      return row === undefined ? undefined : toApprovalStatus(row, clock.nowMs());
    },
    get: (id, viewer) => item(visibleRow(desk, id, viewer)),
    status(id, viewer) {
      const row = visibleRow(desk, id, viewer);
      return row === undefined ? undefined : toApprovalStatus(row, clock.nowMs());
    },
    list: (viewer, query) => listApprovals(desk, viewer, query),
    countPending: (tenant) => store.countPending(tenant),
    sweep: (signal) => sweepApprovals(desk, signal),
  };
}

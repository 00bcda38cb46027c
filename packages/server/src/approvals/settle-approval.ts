/**
 * Ending a pending approval: a person's vote, a withdrawal, or time. Evidence first: the record is durable before
 * the row changes, so an approval that can be spent always has its vote in the log. One settlement at a time per
 * approval; who asked never votes.
 */
import { AegisError } from "@aegisflow/core/errors";
import { hasRole, type Principal } from "@aegisflow/core/identity/principal";
import { type ApprovalDesk, visibleRow } from "./approval-desk.ts";
import { statusAt } from "./approval-item.ts";
import { cancelRecord, expireRecord, type Vote, voteRecord } from "./approval-records.ts";
import type { ApprovalRow } from "./approval-store.ts";

/** A reason, not an essay. */
export const COMMENT_CHARS_MAX = 2_000;

/** Undefined: nothing pending under this id, as far as this person may know. @throws AegisError `forbidden`. */
export function voteOn(
  desk: ApprovalDesk,
  id: string,
  vote: Vote,
  reviewer: Principal,
  comment: string,
): Promise<ApprovalRow | undefined> {
  return settleLocked(desk, id, async () => {
    const row = pendingRow(desk, id, reviewer);
    if (row === undefined) return undefined;
    assertMayVote(row, reviewer);
    assertComment(comment);
    // The moment of the vote: writing it down may take longer than the request had left.
    const atMs = desk.clock.nowMs();
    const review = { reviewer: reviewer.id, comment };
    const { leaf } = await desk.evidence.append(voteRecord(row, vote, review, desk.pseudonymOf));
    const expiry = vote === "approve" ? { expiresAtMs: atMs + desk.limits().ttlMs } : {};
    const to = vote === "approve" ? "approved" : "denied";
    return desk.store.settle(id, { to, atMs, ...review, voteLeaf: leaf, ...expiry });
  });
}

/** One's own request, or as an operator any that one may see. */
export function cancelRow(
  desk: ApprovalDesk,
  id: string,
  by: Principal,
  comment: string,
): Promise<ApprovalRow | undefined> {
  return settleLocked(desk, id, async () => {
    const row = pendingRow(desk, id, by);
    if (row === undefined) return undefined;
    if (row.requester !== by.id && !hasRole(by.role, "operator")) {
      throw new AegisError("forbidden", "only who asked, or an operator, may cancel an approval request");
    }
    assertComment(comment);
    const atMs = desk.clock.nowMs();
    await desk.evidence.append(cancelRecord(row, { principal: by.id, comment }, desk.pseudonymOf));
    return desk.store.settle(id, { to: "cancelled", atMs, reviewer: by.id, comment });
  });
}

/** Ends a row whose time is over; does nothing to any other. */
export function expireRow(desk: ApprovalDesk, id: string): Promise<ApprovalRow | undefined> {
  return settleLocked(desk, id, async () => {
    const atMs = desk.clock.nowMs();
    const row = desk.store.get(id);
    if (row === undefined || row.status === "expired" || statusAt(row, atMs) !== "expired") return undefined;
    await desk.evidence.append(expireRecord(row, desk.pseudonymOf));
    if (row.status === "approved") return desk.store.expireApproved(id, atMs);
    return desk.store.settle(id, { to: "expired", atMs, reviewer: "system", comment: "nobody answered in time" });
  });
}

async function settleLocked(
  desk: ApprovalDesk,
  id: string,
  work: () => Promise<ApprovalRow | undefined>,
): Promise<ApprovalRow | undefined> {
  const settled = await desk.lock.run(`row:${id}`, work);
  if (settled !== undefined) desk.waiters.wake(id);
  return settled;
}

function pendingRow(desk: ApprovalDesk, id: string, viewer: Principal): ApprovalRow | undefined {
  const row = visibleRow(desk, id, viewer);
  return row !== undefined && statusAt(row, desk.clock.nowMs()) === "pending" ? row : undefined;
}

function assertMayVote(row: ApprovalRow, reviewer: Principal): void {
  if (!hasRole(reviewer.role, "operator")) {
    throw new AegisError("forbidden", "insufficient permissions; settling an approval requires the operator role");
  }
  if (row.requester === reviewer.id) {
    throw new AegisError("forbidden", "separation of duties: who asked may not settle; ask another person");
  }
}

function assertComment(comment: string): void {
  if (comment.length > COMMENT_CHARS_MAX) {
    throw new AegisError("too-large", `comment is longer than ${COMMENT_CHARS_MAX} characters; shorten it`);
  }
}

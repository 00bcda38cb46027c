/** Rows as people and pipelines see them. A row past its expiry reads `expired`, swept or not. */
import type { ApprovalItem, ApprovalStatusView } from "@aegisflow/core/admin-api/admin-api";
import type { ApprovalStatus, ApprovalView } from "../governance/ports.ts";
import type { ApprovalRow } from "./approval-store.ts";

export type UrlOf = (id: string) => string;

export function statusAt(row: ApprovalRow, nowMs: number): ApprovalStatus {
  const canExpire = row.status === "pending" || row.status === "approved";
  return canExpire && row.expiresAtMs <= nowMs ? "expired" : row.status;
}

export function toApprovalView(row: ApprovalRow, nowMs: number, urlOf: UrlOf): ApprovalView {
  return {
    id: row.id,
    status: statusAt(row, nowMs),
    url: urlOf(row.id),
    expires_at: isoOf(row.expiresAtMs),
    ...(row.voteLeaf === undefined ? {} : { vote_leaf: row.voteLeaf }),
    ...(row.reviewer === undefined ? {} : { reviewer: row.reviewer }),
    ...(row.comment === undefined ? {} : { comment: row.comment }),
  };
}

export function toApprovalStatus(row: ApprovalRow, nowMs: number): ApprovalStatusView {
  return {
    id: row.id,
    status: statusAt(row, nowMs),
    submitted_at: isoOf(row.submittedAtMs),
    expire_at: isoOf(row.expiresAtMs),
    ...(row.comment === undefined ? {} : { review_comment: row.comment }),
  };
}

export function toApprovalItem(row: ApprovalRow, nowMs: number, urlOf: UrlOf): ApprovalItem {
  // NOTE: written by this process from typed values and read from its own database, so believed here.
  const envelope: ApprovalItem["envelope"] = JSON.parse(row.envelopeJson);
  const decision: ApprovalItem["decision"] = JSON.parse(row.decisionJson);
  return {
    ...toApprovalStatus(row, nowMs),
    envelope,
    decision,
    requester: row.requester,
    tenant: row.tenant,
    url: urlOf(row.id),
    ...(row.reviewedAtMs === undefined ? {} : { reviewed_at: isoOf(row.reviewedAtMs) }),
    ...(row.reviewer === undefined ? {} : { reviewer: row.reviewer }),
    ...(row.consumedAtMs === undefined ? {} : { consumed_at: isoOf(row.consumedAtMs) }),
    ...(row.voteLeaf === undefined ? {} : { vote_leaf: row.voteLeaf }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

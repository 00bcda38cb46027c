/**
 * What approvals write into the session chain of the action they belong to. Headers hold ids, digests and
 * pseudonyms; names and comments are disclosures.
 */
import type { EvidenceDraft } from "../governance/ports.ts";
import type { ApprovalRow } from "./approval-store.ts";
import type { PseudonymOf } from "./pseudonyms.ts";

export type Vote = "approve" | "deny";

/** A row before its request record exists. */
export type ApprovalDraftRow = Omit<ApprovalRow, "requestLeaf">;

export function requestRecord(row: ApprovalDraftRow, pseudonymOf: PseudonymOf): EvidenceDraft {
  return {
    ...chainOf(row),
    kind: "approval.request",
    p: { ...subjectOf(row, pseudonymOf), expires_ms: String(row.expiresAtMs) },
    disclosures: { requester: row.requester },
    ref: { decision: row.decisionLeaf },
  };
}

export function voteRecord(
  row: ApprovalRow,
  vote: Vote,
  review: { readonly reviewer: string; readonly comment: string },
  pseudonymOf: PseudonymOf,
): EvidenceDraft {
  return {
    ...chainOf(row),
    kind: "approval.vote",
    p: { ...subjectOf(row, pseudonymOf), vote, reviewer_ref: pseudonymOf(row.tenant, review.reviewer) },
    disclosures: { reviewer: review.reviewer, comment: review.comment },
    ref: { decision: row.decisionLeaf, request: row.requestLeaf },
  };
}

export function cancelRecord(
  row: ApprovalRow,
  by: { readonly principal: string; readonly comment: string },
  pseudonymOf: PseudonymOf,
): EvidenceDraft {
  return {
    ...chainOf(row),
    kind: "approval.cancel",
    p: { ...subjectOf(row, pseudonymOf), by_ref: pseudonymOf(row.tenant, by.principal) },
    disclosures: { by: by.principal, comment: by.comment },
    ref: { decision: row.decisionLeaf, request: row.requestLeaf },
  };
}

export function expireRecord(row: ApprovalRow, pseudonymOf: PseudonymOf): EvidenceDraft {
  const vote = row.voteLeaf === undefined ? {} : { vote: row.voteLeaf };
  return {
    ...chainOf(row),
    kind: "approval.expire",
    p: { ...subjectOf(row, pseudonymOf), was: row.status },
    disclosures: {},
    ref: { decision: row.decisionLeaf, request: row.requestLeaf, ...vote },
  };
}

function chainOf({ tenant, sid }: ApprovalDraftRow): { readonly tenant: string; readonly sid: string } {
  return { tenant, sid };
}

function subjectOf(row: ApprovalDraftRow, pseudonymOf: PseudonymOf): Readonly<Record<string, string>> {
  return {
    approval: row.id,
    fp: row.fingerprint,
    policy: row.policyHash,
    requester_ref: pseudonymOf(row.tenant, row.requester),
  };
}

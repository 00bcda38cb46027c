/**
 * Where approvals live. Every transition is one atomic, durable step; the store alone enforces the state machine:
 * pending -> approved | denied | expired | cancelled;  approved -> consumed | expired.
 * Trusted: whoever can write here can approve, which is why a claim also needs the vote's evidence leaf.
 */
import type { ApprovalEnvelopeKey, ApprovalStatus } from "../governance/ports.ts";

export interface ApprovalRow {
  readonly id: string;
  readonly tenant: string;
  readonly sid: string;
  /** Principal that asked: never allowed to settle it. */
  readonly requester: string;
  readonly fingerprint: string;
  readonly policyHash: string;
  readonly status: ApprovalStatus;
  readonly submittedAtMs: number;
  readonly expiresAtMs: number;
  /** Sealed envelope and decision as JSON text: what the reviewer sees. */
  readonly envelopeJson: string;
  readonly decisionJson: string;
  /** Evidence leaves of the decision that asked for a person, and of the request itself. */
  readonly decisionLeaf: string;
  readonly requestLeaf: string;
  readonly reviewedAtMs?: number;
  readonly reviewer?: string;
  readonly comment?: string;
  readonly voteLeaf?: string;
  readonly consumedAtMs?: number;
}

export interface ApprovalQuery {
  readonly tenant?: string;
  readonly requester?: string;
  /** At least one; default all. */
  readonly statuses?: readonly ApprovalStatus[];
  /** Newest first; rows strictly older than this cursor `(submittedAtMs, id)`. */
  readonly before?: { readonly submittedAtMs: number; readonly id: string };
  readonly limit: number;
}

export interface Settlement {
  readonly to: "approved" | "denied" | "cancelled" | "expired";
  readonly atMs: number;
  readonly reviewer: string;
  readonly comment: string;
  readonly voteLeaf?: string;
  /** A new expiry, counted from the vote; without it the old one stays. */
  readonly expiresAtMs?: number;
}

export interface ApprovalStore {
  /** Inserts, or answers the identical pending row, or `full` when the tenant has `pendingMax` pending. One atomic step. */
  insertPending(
    row: ApprovalRow,
    pendingMax: number,
  ): { readonly kind: "inserted" | "existing" | "full"; readonly row?: ApprovalRow };
  get(id: string): ApprovalRow | undefined;
  list(query: ApprovalQuery): readonly ApprovalRow[];
  /** Of one requester in a tenant, of a whole tenant, or of all tenants. */
  countPending(tenant?: string, requester?: string): number;
  /** The pending row for this very action, if any. */
  findPending(key: ApprovalEnvelopeKey): ApprovalRow | undefined;
  /** pending -> settlement.to; undefined when it was not pending (or already past its expiry, unless expiring). */
  settle(id: string, settlement: Settlement): ApprovalRow | undefined;
  /** approved, unexpired and with a vote leaf -> consumed, for one matching row; undefined when there is none. */
  consume(key: ApprovalEnvelopeKey & { readonly atMs: number }): ApprovalRow | undefined;
  /** The newest denial of this very action that is not older than `sinceMs`. */
  latestDenial(key: {
    readonly tenant: string;
    readonly requester: string;
    readonly fingerprint: string;
    readonly sinceMs: number;
  }): ApprovalRow | undefined;
  /** Rows pending or approved whose expiry is at or before `nowMs`. */
  due(nowMs: number, limit: number): readonly ApprovalRow[];
  /** approved -> expired. */
  expireApproved(id: string, atMs: number): ApprovalRow | undefined;
  /** Deletes at most `limit` rows that can never change again and were submitted before `beforeMs`; their number. */
  purge(beforeMs: number, limit: number): number;
}

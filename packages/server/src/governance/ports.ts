/**
 * What the pipeline needs from the rest of the server. Each port belongs to its user, the governance
 * pipeline; adapters are chosen in compose.ts. No port is optional: absence is a no-op adapter.
 */
import type { ActionEnvelope, Decision, EngineVerdict, JsonValue } from "@aegisflow/core";

export interface Clock {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number;
  /** Wall clock, RFC 3339 UTC with microseconds: `2026-11-23T10:11:12.123456Z`; strictly increasing per process. */
  nowIso(): string;
  /** Monotonic milliseconds (fractional), for durations only. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, rejects with AegisError `cancelled` when the signal aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

export interface Ids {
  /** A new time-ordered unique id (UUIDv7). */
  next(): string;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

// ---- evidence -------------------------------------------------------------------------------------------------

/** Record kinds of the evidence log; see docs/design/evidence.md. */
export type EvidenceKind =
  | "session.open"
  | "session.close"
  | "decision"
  | "outcome"
  | "approval.request"
  | "approval.vote"
  | "approval.expire"
  | "approval.cancel"
  | "approval.consume"
  | "cred.issue"
  | "cred.revoke"
  | "policy.load"
  | "config.change"
  | "break-glass"
  | "tool.pin"
  | "redaction"
  | "admin.action";

export interface EvidenceDraft {
  readonly tenant: string;
  /** Chain the record belongs to; the store writes `session.open` first for a new one. */
  readonly sid: string;
  readonly kind: Exclude<EvidenceKind, "session.open">;
  /** Public, hashed header payload: closed vocabulary and digests only, never personal data or free text. Integers as strings. */
  readonly p: Readonly<Record<string, string>>;
  /** Salted commitments go to the header; the values live beside it, encrypted and erasable. */
  readonly disclosures: Readonly<Record<string, JsonValue>>;
  /** Leaf hashes (64 hex) of the records this one answers, by role: `decision`, `request`, `vote` … */
  readonly ref?: Readonly<Record<string, string>>;
}

export interface EvidenceReceipt {
  /** Leaf hash of the record, 64 hex. */
  readonly leaf: string;
  readonly seq: number;
  readonly sid: string;
}

export interface EvidencePort {
  /**
   * Durable when it resolves (fdatasync returned). Linear per (tenant, sid): concurrent appends to one chain are
   * ordered by the store. Never retried by the caller; a rejection means nothing may be executed.
   * Trusted: whoever can write here can say what happened.
   * @throws AegisError `unavailable` store failed or is shutting down; `limit-exceeded` its queue is full.
   */
  append(draft: EvidenceDraft): Promise<EvidenceReceipt>;
}

// ---- approvals ------------------------------------------------------------------------------------------------

export type ApprovalStatus = "pending" | "approved" | "denied" | "expired" | "consumed" | "cancelled";

export interface ApprovalView {
  readonly id: string;
  readonly status: ApprovalStatus;
  /** Absolute URL where a person decides. */
  readonly url: string;
  readonly expires_at: string;
  /** Evidence leaf of the vote that settled it, when there is one. */
  readonly vote_leaf?: string;
  readonly reviewer?: string;
  readonly comment?: string;
}

/** An approval that was taken for exactly one execution. */
export interface ApprovalClaim {
  readonly approvalId: string;
  readonly voteLeaf: string;
}

export interface ApprovalsPort {
  /**
   * Atomically turns one approved, unexpired approval for this fingerprint, tenant and policy hash into `consumed`.
   * Durable when it resolves. At most one caller ever gets a given approval.
   */
  claim(envelope: ApprovalEnvelopeKey): Promise<ApprovalClaim | undefined>;
  /**
   * Asks for a person. An identical pending request (same fingerprint, requester, policy hash) is returned, not doubled.
   * `denied`: a person said no to this very action and the denial still stands.
   * `full`: the tenant's queue is at its limit; nothing was stored.
   */
  request(envelope: ActionEnvelope, decision: Decision, decisionLeaf: string): Promise<ApprovalRequestResult>;
  /** Resolves as soon as the approval leaves `pending`, or after `timeoutMs` with it still pending. */
  wait(id: string, timeoutMs: number, signal: AbortSignal): Promise<ApprovalView>;
}

export interface ApprovalEnvelopeKey {
  readonly fingerprint: string;
  readonly tenant: string;
  readonly requester: string;
  readonly policyHash: string;
}

export type ApprovalRequestResult =
  | { readonly kind: "pending"; readonly approval: ApprovalView }
  | { readonly kind: "denied"; readonly approval: ApprovalView }
  | { readonly kind: "full"; readonly message: string };

// ---- credentials ----------------------------------------------------------------------------------------------

export interface Lease {
  readonly id: string;
  /** Header or environment values for the run; never logged, never shown to the agent. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
  /** Idempotent; the pipeline calls it whatever happened. */
  release(): Promise<void>;
}

export interface CredentialsPort {
  /** @throws AegisError `unavailable` or `forbidden`: without a lease nothing runs. */
  lease(envelope: ActionEnvelope): Promise<Lease>;
}

// ---- policies -------------------------------------------------------------------------------------------------

/** One engine. Pure or not, it must answer within its time; a throw or a late answer is a block. */
export interface Engine {
  readonly name: string;
  decide(envelope: ActionEnvelope, signal: AbortSignal): EngineVerdict | Promise<EngineVerdict>;
}

export interface PolicySnapshot {
  readonly version: number;
  /** `sha256:<64 hex>` over the canonical policy. */
  readonly hash: string;
  readonly engines: readonly Engine[];
  /** How long one asynchronous engine may take. */
  readonly engineTimeoutMs: number;
}

export interface BreakGlass {
  readonly id: string;
  readonly expiresAtMs: number;
}

export interface PoliciesPort {
  /** The policy in force now; one action sees one snapshot. */
  current(): PolicySnapshot;
  /** The break-glass grant in force for the tenant, if any. It lets *failing* engines be skipped, never a block be overridden. */
  breakGlass(tenant: string): BreakGlass | undefined;
}

// ---- events ---------------------------------------------------------------------------------------------------

export type GovernanceEvent =
  | { readonly kind: "action-decided"; readonly envelope: ActionEnvelope; readonly decision: Decision }
  | {
      readonly kind: "action-finished";
      readonly envelope: ActionEnvelope;
      readonly decision: Decision;
      readonly status: OutcomeStatus;
      readonly durationMs: number;
    }
  | { readonly kind: "engine-failed"; readonly engine: string; readonly error: string }
  | { readonly kind: "evidence-failed"; readonly error: string }
  | { readonly kind: "lease-release-failed"; readonly leaseId: string; readonly error: string };

export interface EventsPort {
  /** Never throws, never waits. */
  emit(event: GovernanceEvent): void;
}

export type OutcomeStatus = "executed" | "failed" | "blocked" | "denied" | "expired" | "cancelled" | "unknown";

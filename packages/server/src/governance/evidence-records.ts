/**
 * What the pipeline writes down, as evidence drafts. Header payloads (`p`) hold a closed vocabulary and digests
 * only; everything that may be personal or secret is a disclosure, which reaches the header as a salted commitment.
 */
import { createHash } from "node:crypto";
import type { ActionEnvelope, Decision, JsonObject, JsonValue } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence";
import type { ApprovalClaim, EvidenceDraft, OutcomeStatus } from "./ports.ts";

/** The decision, and so the intent: durable before anything runs. */
export function decisionRecord(envelope: ActionEnvelope, decision: Decision): EvidenceDraft {
  return {
    ...chainOf(envelope),
    kind: "decision",
    p: {
      action: envelope.id,
      cap: envelope.requested_capability,
      effect: decision.decision,
      engine: decision.engine,
      fp: envelope.fingerprint,
      lat_us: String(decision.latency_us),
      policy: decision.policy_hash,
      policy_version: String(decision.policy_version),
      proto: envelope.protocol,
      rule: decision.rule,
      ...(decision.break_glass === undefined ? {} : { break_glass: decision.break_glass }),
    },
    disclosures: {
      actor: { id: envelope.actor.id, type: envelope.actor.type },
      args: envelope.canonical_parameters,
      reason: decision.reason,
      target: envelope.target,
      task: envelope.task,
      tool: envelope.tool,
      ...(decision.suggestion === undefined ? {} : { suggestion: decision.suggestion }),
      ...(envelope.effects.length === 0 ? {} : { effects: plainJson(envelope.effects) }),
      ...(envelope.justification === undefined ? {} : { justification: envelope.justification }),
    },
  };
}

/** Links one approval to the one execution it is spent on. */
export function consumeRecord(envelope: ActionEnvelope, decisionLeaf: string, claim: ApprovalClaim): EvidenceDraft {
  return {
    ...chainOf(envelope),
    kind: "approval.consume",
    p: { approval: claim.approvalId, fp: envelope.fingerprint },
    disclosures: {},
    ref: { decision: decisionLeaf, vote: claim.voteLeaf },
  };
}

export interface Outcome {
  readonly status: OutcomeStatus;
  readonly durationMs: number;
  /** Closed vocabulary: why it ended so, e.g. `awaiting-approval`, `no-lease`, `upstream-failed`. */
  readonly why?: string;
  /** What came back; only its digest is kept. Required for `executed`. */
  readonly response?: JsonValue;
  readonly error?: string;
  /** Small counts for the record, such as redactions in the result. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What came of it. Exactly one for each decision that was not a block. */
export function outcomeRecord(envelope: ActionEnvelope, decisionLeaf: string, outcome: Outcome): EvidenceDraft {
  return {
    ...chainOf(envelope),
    kind: "outcome",
    p: {
      ...outcome.facts,
      action: envelope.id,
      dur_us: String(Math.round(outcome.durationMs * 1000)),
      fp: envelope.fingerprint,
      status: outcome.status,
      ...(outcome.why === undefined ? {} : { why: outcome.why }),
    },
    disclosures: {
      ...(outcome.response === undefined ? {} : { response: digestOf(outcome.response) }),
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
    },
    ref: { decision: decisionLeaf },
  };
}

/** Results can be large and private: evidence binds to the exact bytes without holding them. */
function digestOf(response: JsonValue): JsonValue {
  const text = canonicalJson(response);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { bytes: Buffer.byteLength(text), sha256 };
}

function chainOf(envelope: ActionEnvelope): { readonly tenant: string; readonly sid: string } {
  return { tenant: envelope.actor.tenant_id, sid: envelope.actor.session_id };
}

/** Readonly interfaces as plain JSON objects, which is what a disclosure takes. */
function plainJson(values: readonly object[]): JsonValue {
  return values.map((value) => ({ ...value }) as JsonObject);
}

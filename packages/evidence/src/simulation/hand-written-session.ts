/**
 * Sessions written by hand with valid keys, honest and not: what a broken or dishonest *writer* could record. The
 * log is intact, its content is wrong; only reading what the records say finds it.
 */
import { utf8Encode } from "../encoding.ts";
import type { VerdictName } from "../findings.ts";
import { createEd25519Signer, nodeCrypto } from "../node-crypto.ts";
import { parseTrustPolicy } from "../trust-policy.ts";
import { type BundleReport, verifyBundle } from "../verify-bundle.ts";
import { type EntryDraft, type LogEntry, MemoryLog, SYSTEM } from "./memory-log.ts";
import { seededRandom } from "./seeded-random.ts";

const POLICY = `sha256:${"a".repeat(64)}`;
const FP = "f".repeat(64);

/** A log with a policy loaded and one session, written by hand. */
export class HandWrittenSession {
  readonly log: MemoryLog;

  constructor(witnesses = 0) {
    const random = seededRandom(5);
    const names = Array.from({ length: witnesses }, (_, i) => ({
      name: `w${i}`,
      signer: createEd25519Signer(random.bytes(32)),
    }));
    this.log = new MemoryLog({
      hash: nodeCrypto,
      random,
      signer: createEd25519Signer(random.bytes(32)),
      witnesses: names,
    });
    this.log.append({ ...SYSTEM, kind: "policy.load", p: { policy: POLICY } });
  }

  add(kind: string, draft: Partial<EntryDraft> = {}): LogEntry {
    return this.log.append({ tenant: "t", sid: "s", kind, ...draft });
  }

  decide(effect: string, p: Readonly<Record<string, string>> = {}, sid = "s"): LogEntry {
    return this.add("decision", {
      sid,
      p: { effect, policy: POLICY, fp: FP, rule: "r/1", ...p },
      disclosures: { tool: "fs.write" },
    });
  }

  outcome(decision: LogEntry, status: string, disclosures: EntryDraft["disclosures"] = { response: "ok" }): LogEntry {
    return this.add("outcome", { p: { status, fp: FP }, ref: { decision: decision.leaf }, disclosures });
  }

  /** Request and vote on a decision. */
  vote(decision: LogEntry, p: Readonly<Record<string, string>> = {}, sid = "s"): LogEntry {
    const request = this.add("approval.request", {
      sid,
      p: { approval: "a1", fp: FP },
      ref: { decision: decision.leaf },
    });
    const voted = { vote: "approve", approval: "a1", fp: FP, reviewer_ref: "r1", requester_ref: "r2", ...p };
    return this.add("approval.vote", { sid, p: voted, ref: { request: request.leaf } });
  }

  consume(decision: LogEntry, vote: LogEntry, p: Readonly<Record<string, string>> = {}): LogEntry {
    const { approval = "" } = vote.header.p;
    return this.add("approval.consume", {
      p: { approval, fp: FP, ...p },
      ref: { decision: decision.leaf, vote: vote.leaf },
    });
  }

  verify(options: { readonly policy?: string } = {}): Promise<BundleReport> {
    const policy = parseTrustPolicy(nodeCrypto, options.policy ?? this.log.trustPolicy());
    return verifyBundle(utf8Encode(this.log.exportBundle("t", "s")), { crypto: nodeCrypto, policy });
  }
}

/** Writes records into the session. */
export type Play = (stage: HandWrittenSession) => void;

/** What must pass. */
export const HONEST_PLAYS: Readonly<Record<string, Play>> = {
  "an allowed action": (stage) => stage.outcome(stage.decide("allow"), "executed"),
  "a block without outcome": (stage) => stage.decide("block"),
  "a block with outcome": (stage) => stage.outcome(stage.decide("block"), "blocked"),
  "a review that waits": (stage) =>
    stage.add("approval.request", { p: { approval: "a1" }, ref: { decision: stage.decide("review").leaf } }),
  "a review whose queue was full": (stage) => stage.outcome(stage.decide("review"), "failed"),
  "a held review": (stage) => {
    const decision = stage.decide("review");
    stage.consume(decision, stage.vote(decision));
    stage.outcome(decision, "executed");
  },
  "an approval from another session": (stage) => {
    const vote = stage.vote(stage.decide("review", {}, "before"), {}, "before");
    const decision = stage.decide("review");
    stage.consume(decision, vote);
    stage.outcome(decision, "failed");
  },
  "an outcome nobody knows": (stage) => stage.outcome(stage.decide("allow"), "unknown", {}),
  "a session without decisions": (stage) => stage.add("tool.pin"),
  "a redaction by another": (stage) => {
    const decision = stage.decide("block");
    decision.body = {};
    stage.log.append({
      ...SYSTEM,
      kind: "redaction",
      p: { target: decision.leaf, fields: "*", basis: "b", authority_ref: "x", requester_ref: "y" },
    });
  },
};

/** What must fail: the verdict and a part of its reason. */
export const DISHONEST_PLAYS: Readonly<Record<string, readonly [VerdictName, string, Play]>> = {
  "an allow without outcome in a closed session": [
    "paired",
    "has no outcome",
    (stage) => [stage.decide("allow"), stage.add("session.close")],
  ],
  "two outcomes": [
    "paired",
    "2 outcomes",
    (stage) => {
      const decision = stage.decide("allow");
      stage.outcome(decision, "failed");
      stage.outcome(decision, "executed");
    },
  ],
  "a block that was executed": ["paired", "was executed", (stage) => stage.outcome(stage.decide("block"), "executed")],
  "an execution without response": [
    "paired",
    "commits to no response",
    (stage) => stage.outcome(stage.decide("allow"), "executed", {}),
  ],
  "a review executed without approval": [
    "paired",
    "without an approval",
    (stage) => stage.outcome(stage.decide("review"), "executed"),
  ],
  "a review executed on a request alone": [
    "paired",
    "without an approval",
    (stage) => {
      const decision = stage.decide("review");
      stage.vote(decision);
      stage.outcome(decision, "executed");
    },
  ],
  "an execution before its approval was consumed": [
    "paired",
    "without an approval",
    (stage) => {
      const decision = stage.decide("review");
      const vote = stage.vote(decision);
      stage.outcome(decision, "executed");
      stage.consume(decision, vote);
    },
  ],
  "an approved review without outcome in a closed session": [
    "paired",
    "has no outcome",
    (stage) => {
      const decision = stage.decide("review");
      stage.consume(decision, stage.vote(decision));
      stage.add("session.close");
    },
  ],
  "an approval by the requester": [
    "paired",
    "by the requester",
    (stage) => {
      const decision = stage.decide("review");
      stage.consume(decision, stage.vote(decision, { reviewer_ref: "r2" }));
      stage.outcome(decision, "executed");
    },
  ],
  "an approval by nobody": [
    "paired",
    "who voted",
    (stage) => {
      const decision = stage.decide("review");
      stage.consume(decision, stage.vote(decision, { reviewer_ref: "" }));
      stage.outcome(decision, "executed");
    },
  ],
  "a denial spent as approval": [
    "paired",
    "no approval",
    (stage) => {
      const decision = stage.decide("review");
      stage.consume(decision, stage.vote(decision, { vote: "deny" }));
      stage.outcome(decision, "executed");
    },
  ],
  "an approval of another action": [
    "paired",
    "another action",
    (stage) => {
      const other = "e".repeat(64);
      const vote = stage.vote(stage.decide("review", { fp: other }), { fp: other });
      const decision = stage.decide("review");
      stage.consume(decision, vote);
      stage.outcome(decision, "executed");
    },
  ],
  "an approval under another policy": [
    "paired",
    "another policy",
    (stage) => {
      const policy = `sha256:${"b".repeat(64)}`;
      stage.log.append({ ...SYSTEM, kind: "policy.load", p: { policy } });
      const vote = stage.vote(stage.decide("review", { policy }));
      const decision = stage.decide("review");
      stage.consume(decision, vote);
      stage.outcome(decision, "executed");
    },
  ],
  "an approval used twice": [
    "paired",
    "used before",
    (stage) => {
      const vote = stage.vote(stage.decide("review"));
      for (let i = 0; i < 2; i++) {
        const decision = stage.decide("review");
        stage.consume(decision, vote);
        stage.outcome(decision, "executed");
      }
    },
  ],
  "two approvals under one id": [
    "paired",
    "used before",
    (stage) => {
      for (let i = 0; i < 2; i++) {
        const decision = stage.decide("review");
        stage.consume(decision, stage.vote(decision));
        stage.outcome(decision, "executed");
      }
    },
  ],
  "an approval for what was allowed anyway": [
    "paired",
    "did not need",
    (stage) => {
      const decision = stage.decide("allow");
      stage.consume(decision, stage.vote(decision));
      stage.outcome(decision, "executed");
    },
  ],
  "an approval on another request": [
    "paired",
    "another request",
    (stage) => {
      const decision = stage.decide("review");
      stage.consume(decision, stage.vote(decision), { approval: "a2" });
      stage.outcome(decision, "executed");
    },
  ],
  "an outcome of another action": [
    "paired",
    "another action",
    (stage) => {
      const decision = stage.decide("allow", { fp: "e".repeat(64) });
      stage.outcome(decision, "executed");
    },
  ],
  "an outcome of no decision": [
    "paired",
    "answers no decision",
    (stage) => stage.add("outcome", { p: { status: "failed" }, ref: { decision: "9".repeat(64) } }),
  ],
  "an unknown status": ["paired", "unknown status", (stage) => stage.outcome(stage.decide("allow"), "done")],
  "an unknown effect": ["paired", "neither allow", (stage) => stage.outcome(stage.decide("maybe"), "failed")],
  "an approval that had expired": [
    "paired",
    "had ended before",
    (session) => {
      const vote = session.vote(session.decide("review"));
      session.add("approval.expire", { p: { approval: "a1" }, ref: { vote: vote.leaf } });
      const decision = session.decide("review");
      session.consume(decision, vote);
      session.outcome(decision, "executed");
    },
  ],
  "a clock that goes back": [
    "consistent",
    "earlier than",
    (session) => {
      session.log.turnClock(60_000_000);
      session.decide("block");
      session.log.turnClock(-30_000_000);
      session.decide("block");
    },
  ],
  "records from after their witnesses saw them": [
    "existed_at",
    "claims a time after",
    (session) => {
      session.decide("block");
      session.log.witnessLagSeconds = 3600;
    },
  ],
  "two approvals for one action": [
    "paired",
    "took 2 approvals",
    (session) => {
      const decision = session.decide("review");
      session.consume(decision, session.vote(decision));
      session.consume(decision, session.vote(decision, { approval: "a2" }));
      session.outcome(decision, "executed");
    },
  ],
  "a record that counts wrong": [
    "consistent",
    "is expected",
    (session) => session.add("tool.pin", { lie: { seq: 7 } }),
  ],
  "a record of another session": [
    "consistent",
    "another session",
    (session) => session.add("tool.pin", { lie: { sid: "x" } }),
  ],
  "a record of another tenant": [
    "consistent",
    "another session",
    (session) => session.add("tool.pin", { lie: { tenant: "x" } }),
  ],
  "a record of another log": [
    "consistent",
    "different logs",
    (session) => session.add("tool.pin", { lie: { log: "other.example" } }),
  ],
  "a record that skips its predecessor": [
    "consistent",
    "does not follow",
    (session) => session.add("tool.pin", { lie: { prev: "7".repeat(64) } }),
  ],
  "a head that is said to be another session's": [
    "complete",
    "of another session",
    (session) => {
      session.decide("block");
      session.log.headsLie = (entry) => (entry.sid === "s" ? { ...entry, sid: "s2" } : entry);
    },
  ],
  "a head that is said to be closed": [
    "complete",
    "says otherwise",
    (session) => {
      session.decide("block");
      session.log.headsLie = (entry) => (entry.sid === "s" ? { ...entry, state: "closed" } : entry);
    },
  ],
  "a log whose order is not the session's": [
    "consistent",
    "before a record it follows",
    (session) => {
      const policy = `sha256:${"b".repeat(64)}`;
      session.log.append({ ...SYSTEM, kind: "policy.load", p: { policy } });
      const [first, second] = [session.decide("block"), session.decide("block", { policy })];
      const { entries } = session.log;
      const [a, b] = [entries.indexOf(first), entries.indexOf(second)];
      [entries[a], entries[b]] = [second, first];
    },
  ],
  "a policy that was never loaded": [
    "consistent",
    "loaded before",
    (stage) => stage.decide("block", { policy: `sha256:${"c".repeat(64)}` }),
  ],
  "a policy that was loaded afterwards": [
    "consistent",
    "loaded before",
    (stage) => {
      const policy = `sha256:${"d".repeat(64)}`;
      stage.decide("block", { policy });
      stage.log.append({ ...SYSTEM, kind: "policy.load", p: { policy } });
    },
  ],
  "a decision without policy": [
    "consistent",
    "names no policy",
    (stage) => stage.add("decision", { p: { effect: "block" } }),
  ],
  "a record after the end": [
    "consistent",
    "after the end",
    (stage) => [stage.add("session.close"), stage.add("tool.pin")],
  ],
  "a redaction without authority": [
    "consistent",
    "no independent authority",
    (stage) => {
      const decision = stage.decide("block");
      stage.log.append({ ...SYSTEM, kind: "redaction", p: { target: decision.leaf, fields: "tool", basis: "b" } });
    },
  ],
  "a redaction authorised by who asked for it": [
    "consistent",
    "no independent authority",
    (stage) => {
      const decision = stage.decide("block");
      stage.log.append({
        ...SYSTEM,
        kind: "redaction",
        p: { target: decision.leaf, fields: "tool", basis: "b", authority_ref: "x", requester_ref: "x" },
      });
    },
  ],
};

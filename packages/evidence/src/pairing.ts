/**
 * The life of each decision, gathered from a session's records: which records answer it, and whether it is open.
 * block: ended by itself. allow: one outcome. review: an approval request defers it, or an outcome ends it; once an
 * approval was consumed for it, only an outcome does.
 */
import type { RecordHeader } from "./record-header.ts";

export interface LinkedRecord {
  readonly header: RecordHeader;
  /** 64 hex. */
  readonly leaf: string;
}

export interface DecisionLife<R extends LinkedRecord = LinkedRecord> {
  readonly decision: R;
  readonly requests: R[];
  readonly consumes: R[];
  readonly outcomes: R[];
}

export interface DecisionLives<R extends LinkedRecord = LinkedRecord> {
  /** In the order of the decisions. */
  readonly lives: readonly DecisionLife<R>[];
  /** Records that answer no earlier decision of the session. */
  readonly dangling: readonly R[];
}

const ANSWERS: ReadonlyMap<string, "requests" | "consumes" | "outcomes"> = new Map([
  ["approval.request", "requests"],
  ["approval.consume", "consumes"],
  ["outcome", "outcomes"],
]);

/** Gathers the lives of a session's decisions. */
export function decisionLives<R extends LinkedRecord>(records: readonly R[]): DecisionLives<R> {
  const lives = new Map<string, DecisionLife<R>>();
  const dangling: R[] = [];
  for (const record of records) {
    const answers = ANSWERS.get(record.header.kind);
    if (record.header.kind === "decision") {
      lives.set(record.leaf, { decision: record, requests: [], consumes: [], outcomes: [] });
    } else if (answers !== undefined) {
      const life = lives.get(record.header.ref.decision ?? "");
      if (life === undefined) dangling.push(record);
      else life[answers].push(record);
    }
  }
  return { lives: [...lives.values()], dangling };
}

/** True while something must still be recorded for the decision. */
export function isOpen({ decision, requests, consumes, outcomes }: DecisionLife): boolean {
  const { effect } = decision.header.p;
  if (effect === "block" || outcomes.length > 0) return false;
  return effect !== "review" || consumes.length > 0 || requests.length === 0;
}

/** Leaf hashes of the decisions that are open at the end of these records, in order. */
export function openDecisions(records: readonly LinkedRecord[]): readonly string[] {
  return decisionLives(records)
    .lives.filter(isOpen)
    .map((life) => life.decision.leaf);
}

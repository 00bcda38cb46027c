/** The verdict on one action, always with the trace that explains it. */

export const DECISIONS = ["allow", "review", "block"] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** One engine's answer. */
export interface EngineVerdict {
  readonly engine: string;
  readonly decision: DecisionKind;
  /** What decided: a rule's id such as `pr-writer/17`, `(default)`, or the engine's own word. */
  readonly rule: string;
  readonly reason: string;
  /** Where the rule stands, `file:line`, when it stands in a file. */
  readonly source?: string;
  /** A safer alternative, or what would have to change. */
  readonly suggestion?: string;
}

export interface Decision {
  readonly decision: DecisionKind;
  /** Copied from the verdict that decided. */
  readonly engine: string;
  readonly rule: string;
  readonly reason: string;
  readonly source?: string;
  readonly suggestion?: string;
  /** `sha256:<64 hex>` of the policy in force; approvals bind to it. */
  readonly policy_hash: string;
  readonly policy_version: number;
  readonly trace: readonly EngineVerdict[];
  /** Set when a break-glass grant overrode a failing engine; recorded with the grant's id. */
  readonly break_glass?: string;
  readonly latency_us: number;
}

const STRICTNESS: Readonly<Record<DecisionKind, number>> = { allow: 0, review: 1, block: 2 };

export function isStricter(a: DecisionKind, b: DecisionKind): boolean {
  return STRICTNESS[a] > STRICTNESS[b];
}

export function strictestDecision(decisions: readonly DecisionKind[]): DecisionKind | undefined {
  let strictest: DecisionKind | undefined;
  for (const decision of decisions) {
    if (strictest === undefined || isStricter(decision, strictest)) strictest = decision;
  }
  return strictest;
}

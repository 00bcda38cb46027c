/**
 * Explains a decision rule by rule: which rules were tried, why each did not match, which one decided, and what
 * would have to change. Uses the matcher of enforcement on every rule in order, so the two cannot disagree.
 */
import type { ActionDraft, Capability } from "../action/action.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import { type DecisionKind, isStricter } from "../decision/decision.ts";
import { type ActionView, viewAction } from "./action-view.ts";
import type { CompiledPolicy } from "./compile-rules.ts";
import { type OperationRuling, ruleOn, strictestOf } from "./decide-by-rules.ts";
import { type FailReason, matchRule } from "./match-rule.ts";

export interface RuleCheck {
  readonly rule_index: number;
  readonly rule_id: string;
  readonly rule: ToolRuleConfig;
  readonly source?: string;
  readonly matched: boolean;
  readonly fail_reason?: FailReason;
}

export interface OperationExplanation {
  readonly operation: string;
  readonly tool: string;
  readonly capability: Capability;
  readonly decision: DecisionKind;
  /** -1 when the default decided, or a refusal. */
  readonly matched_index: number;
  readonly rule_id: string;
  readonly reason: string;
  readonly suggestion?: string;
}

export interface Explanation {
  readonly decision: DecisionKind;
  readonly rule_id: string;
  readonly matched_rule?: ToolRuleConfig;
  readonly matched_index: number;
  readonly rules_checked: number;
  readonly default_used: boolean;
  readonly reason: string;
  readonly suggestion?: string;
  readonly source?: string;
  /** The trace of the operation that decided; it ends at the first hit. */
  readonly check_trace: readonly RuleCheck[];
  /** Every operation of the action with its own decision. */
  readonly operations: readonly OperationExplanation[];
}

export function explainPolicy(policy: CompiledPolicy, draft: ActionDraft): Explanation {
  const explained = viewAction(draft).map((view) => explainView(policy, view));
  const deciding = strictestOf(explained.map(({ ruling }) => ruling));
  const trace = explained.find(({ ruling }) => ruling === deciding)?.trace ?? [];
  const { rule, decision, ruleId, reason, suggestion } = deciding;
  return {
    decision,
    rule_id: ruleId,
    ...(rule === undefined ? {} : { matched_rule: rule.rule }),
    matched_index: rule?.index ?? -1,
    rules_checked: trace.length,
    default_used: ruleId === "(default)",
    reason,
    ...present("suggestion", suggestion),
    ...present("source", rule?.source),
    check_trace: trace,
    operations: explained.map(({ ruling }) => toOperation(ruling)),
  };
}

function explainView(policy: CompiledPolicy, view: ActionView): { ruling: OperationRuling; trace: RuleCheck[] } {
  const trace: RuleCheck[] = [];
  for (const compiled of policy.rules) {
    const failReason = matchRule(compiled, view);
    trace.push({
      rule_index: compiled.index,
      rule_id: compiled.id,
      rule: compiled.rule,
      ...present("source", compiled.source),
      matched: failReason === undefined,
      ...(failReason === undefined ? {} : { fail_reason: failReason }),
    });
    if (failReason === undefined) return { ruling: ruleOn(view, compiled, policy.defaultDecision), trace };
  }
  return { ruling: ruleOn(view, undefined, policy.defaultDecision), trace };
}

function toOperation({ view, decision, rule, ruleId, reason, suggestion }: OperationRuling): OperationExplanation {
  return {
    operation: view.label,
    tool: view.names[0] ?? "",
    capability: view.capability,
    decision,
    matched_index: rule?.index ?? -1,
    rule_id: ruleId,
    reason,
    ...present("suggestion", suggestion),
  };
}

function present<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  if (value === undefined) return {};
  const entry: { [P in K]?: T } = {};
  entry[key] = value;
  return entry;
}

/** An action on several targets: the explanation of the strictest. */
export function strictestExplanation(
  policy: CompiledPolicy,
  drafts: readonly [ActionDraft, ...ActionDraft[]],
): Explanation {
  const [first, ...others] = drafts.map((draft) => explainPolicy(policy, draft));
  if (first === undefined) return explainPolicy(policy, drafts[0]);
  return others.reduce((strictest, next) => (isStricter(next.decision, strictest.decision) ? next : strictest), first);
}

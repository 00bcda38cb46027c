/**
 * Decides an action by a compiled policy: each operation by the first rule that matches it, the action by the
 * strictest of these. What a gate could not understand is never allowed silently.
 */
import type { ActionDraft } from "../action/action.ts";
import { type DecisionKind, type EngineVerdict, isStricter } from "../decision/decision.ts";
import { type ActionView, viewAction } from "./action-view.ts";
import type { CompiledPolicy } from "./compile-rules.ts";
import type { CompiledRule } from "./match-rule.ts";

/** The decision on one operation. */
export interface OperationRuling {
  readonly view: ActionView;
  readonly decision: DecisionKind;
  /** The rule that decided; undefined when the default did, or a refusal. */
  readonly rule: CompiledRule | undefined;
  /** Rule id, `(default)`, or `(refused)` for what no rule may let through. */
  readonly ruleId: string;
  readonly reason: string;
  readonly suggestion: string | undefined;
}

export interface Ruling {
  /** The operation that decided: the first of the strictest. */
  readonly deciding: OperationRuling;
  readonly operations: readonly OperationRuling[];
}

export function decideByRules(policy: CompiledPolicy, draft: ActionDraft): Ruling {
  const operations = viewAction(draft).map((view) => ruleOn(view, policy.firstMatch(view), policy.defaultDecision));
  return { deciding: strictestOf(operations), operations };
}

/** An action on several targets: one draft for each, the strictest decides. */
export function decideAllByRules(policy: CompiledPolicy, drafts: readonly [ActionDraft, ...ActionDraft[]]): Ruling {
  const operations = drafts.flatMap((draft) => decideByRules(policy, draft).operations);
  return { deciding: strictestOf(operations), operations };
}

/** The ruling as the answer of an engine. */
export function toVerdict({ deciding, operations }: Ruling, engine: string): EngineVerdict {
  const { decision, rule, ruleId, suggestion, view } = deciding;
  const which = operations.length > 1 && rule?.rule.reason !== undefined ? `\`${shorten(view.label)}\`: ` : "";
  const verdict: EngineVerdict = { engine, decision, rule: ruleId, reason: which + deciding.reason };
  if (rule?.source === undefined && suggestion === undefined) return verdict;
  return {
    ...verdict,
    ...(rule?.source === undefined ? {} : { source: rule.source }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** The first of the strictest decisions. */
export function strictestOf(operations: readonly OperationRuling[]): OperationRuling {
  return operations.reduce((strictest, next) => (isStricter(next.decision, strictest.decision) ? next : strictest));
}

/** The decision that follows when `rule` is the first that matches `view`, or none does. */
export function ruleOn(
  view: ActionView,
  rule: CompiledRule | undefined,
  defaultDecision: DecisionKind,
): OperationRuling {
  const suggestion = rule?.rule.suggestion;
  if (view.refused !== undefined) {
    return {
      view,
      decision: "block",
      rule: undefined,
      ruleId: "(refused)",
      reason: view.refused,
      suggestion: undefined,
    };
  }
  const decision = rule?.decision ?? defaultDecision;
  const ruleId = rule?.id ?? "(default)";
  if (decision === "allow" && view.capability === "unknown" && rule?.rule.capability !== "unknown") {
    const reason = `\`${shorten(view.label)}\` is not understood, so an allow becomes a review`;
    const rephrase = "write it as plain commands with literal words, one thing at a time";
    return { view, decision: "review", rule, ruleId, reason, suggestion: suggestion ?? rephrase };
  }
  const reason = reasonOf(view, rule, decision);
  return {
    view,
    decision,
    rule,
    ruleId,
    reason,
    suggestion: rule === undefined ? askForRule(view, decision) : suggestion,
  };
}

/** What would have to change when only the default decided. */
function askForRule(view: ActionView, decision: DecisionKind): string | undefined {
  if (decision === "allow") return undefined;
  const capability = view.capability === "unknown" ? ", `capability: unknown`" : "";
  return `an operator can add a rule for \`protocol: ${view.protocol}\`, \`tool: ${view.names[0] ?? ""}\`${capability}`;
}

function reasonOf(view: ActionView, rule: CompiledRule | undefined, decision: DecisionKind): string {
  const subject = shorten(view.label);
  if (rule === undefined) return `no rule matches \`${subject}\`, and the default is ${decision}`;
  return rule.rule.reason ?? `rule \`${rule.id}\` says ${decision} for \`${subject}\``;
}

/** Longest piece of an action shown inside a reason. */
const LABEL_CHARS_MAX = 120;

function shorten(text: string): string {
  return text.length <= LABEL_CHARS_MAX ? text : `${text.slice(0, LABEL_CHARS_MAX)}…`;
}

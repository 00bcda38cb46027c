/**
 * Whether any call of a tool could get past the rules, when its arguments are not known yet: for lists that hide
 * what would be blocked whatever is asked. A rule that tests the target or the arguments may match or not, so both
 * ways are followed. Never used to decide an action.
 */
import type { ActionDraft } from "../action/action.ts";
import type { DecisionKind } from "../decision/decision.ts";
import { type ActionView, viewAction } from "./action-view.ts";
import type { CompiledPolicy } from "./compile-rules.ts";
import type { CompiledRule } from "./match-rule.ts";
import type { ConditionFailure } from "./rule-conditions.ts";

/** Conditions whose outcome depends on the arguments. */
const OPEN: ReadonlySet<ConditionFailure> = new Set([
  "path glob no match",
  "ref glob no match",
  "host glob no match",
  "table glob no match",
  "argument mismatch",
]);

/** True unless every call that looks like `draft`, whatever its target and arguments, is blocked. */
export function mayPassRules(policy: CompiledPolicy, draft: ActionDraft): boolean {
  return viewAction(draft).every((view) => [...possibleDecisions(policy, view)].some((kind) => kind !== "block"));
}

function* possibleDecisions(policy: CompiledPolicy, view: ActionView): Generator<DecisionKind> {
  if (view.refused !== undefined) return;
  for (const rule of policy.rules) {
    if (!couldMatch(rule, view)) continue;
    yield rule.decision;
    if (!isOpen(rule)) return;
  }
  yield policy.defaultDecision;
}

function couldMatch({ rule, tool, decision, conditions }: CompiledRule, view: ActionView): boolean {
  if (rule.protocol !== undefined && rule.protocol !== view.protocol) return false;
  if (rule.capability !== undefined && rule.capability !== view.capability) return false;
  const names = decision === "allow" ? view.ownNames : view.names;
  if (tool !== undefined && !names.some((name) => tool(name))) return false;
  return conditions.every(({ failReason, holds }) => OPEN.has(failReason) || holds(view));
}

function isOpen({ target, conditions }: CompiledRule): boolean {
  return target !== undefined || conditions.some(({ failReason }) => OPEN.has(failReason));
}

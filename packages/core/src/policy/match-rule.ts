/**
 * THE matcher: whether one rule matches one operation, and if not, why. Enforcement, explain, simulate, why, lint
 * and diff all call it, so that what is explained is what is enforced.
 */

import type { SourcedRule } from "../config/effective-policy.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import type { DecisionKind } from "../decision/decision.ts";
import type { ActionView } from "./action-view.ts";
import { compileGlob, type GlobMatcher } from "./glob.ts";
import { type Condition, type ConditionFailure, compileConditions } from "./rule-conditions.ts";
import { compileTarget, type TargetTest } from "./rule-target.ts";

/** In the order they are tested; the first four are words the reference product's traces use. */
export type FailReason =
  | "protocol mismatch"
  | "tool glob no match"
  | "target glob no match"
  | "capability mismatch"
  | ConditionFailure;

export interface CompiledRule {
  readonly index: number;
  readonly id: string;
  readonly source: string | undefined;
  readonly decision: DecisionKind;
  readonly rule: ToolRuleConfig;
  readonly tool: GlobMatcher | undefined;
  readonly target: TargetTest | undefined;
  readonly conditions: readonly Condition[];
}

/** @throws AegisError `config-invalid` on a bad glob. */
export function compileRule({ id, source, rule }: SourcedRule, index: number): CompiledRule {
  const { tool, target, decision } = rule;
  return {
    index,
    id,
    source,
    decision,
    rule,
    tool: isAny(tool) ? undefined : compileGlob(tool, "text"),
    target: isAny(target) ? undefined : compileTarget(target, decision === "allow"),
    conditions: compileConditions(rule),
  };
}

/** Undefined when the rule matches. */
export function matchRule(compiled: CompiledRule, view: ActionView): FailReason | undefined {
  const { rule, conditions } = compiled;
  if (rule.protocol !== undefined && rule.protocol !== view.protocol) return "protocol mismatch";
  if (compiled.tool !== undefined && !matchesAnyName(compiled.tool, compiled.decision, view))
    return "tool glob no match";
  if (compiled.target !== undefined && !compiled.target(view)) return "target glob no match";
  if (rule.capability !== undefined && rule.capability !== view.capability) return "capability mismatch";
  for (const condition of conditions) {
    if (!condition.holds(view)) return condition.failReason;
  }
  return undefined;
}

function matchesAnyName(matches: GlobMatcher, decision: DecisionKind, view: ActionView): boolean {
  const names = decision === "allow" ? view.ownNames : view.names;
  for (const name of names) {
    if (matches(name)) return true;
  }
  return false;
}

function isAny(pattern: string | undefined): pattern is undefined {
  return pattern === undefined || pattern === "" || pattern === "*";
}

/**
 * Finds rules that do not do what their author thinks: rules that an earlier one hides, rules that nothing can match,
 * rules that say the same twice, allows that allow everything. An error is a proof; a warning is worth a look.
 * Knows only what the matcher knows: a rule hidden by several others together is not found.
 */
import type { EffectivePolicy, SourcedRule } from "../config/effective-policy.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import { isStricter } from "../decision/decision.ts";
import { isAnyGlob } from "./glob-inclusion.ts";
import { neverMatches } from "./never-matches.ts";
import { coversRule } from "./rule-coverage.ts";

export type LintCode =
  /** A looser rule before it decides everything that this one was written for. */
  | "shadowed"
  /** An earlier rule with another decision matches first, always. */
  | "unreachable"
  /** An earlier rule with the same decision matches first, always. */
  | "redundant"
  /** Word for word an earlier rule. */
  | "duplicate"
  /** No action has what the rule asks for. */
  | "never-matches"
  /** An allow that says too little about what it allows. */
  | "broad-allow"
  | "default-allow";

export interface LintFinding {
  readonly code: LintCode;
  readonly severity: "error" | "warning";
  /** `(default)` for the default decision. */
  readonly rule_id: string;
  /** `file:line`. */
  readonly source?: string;
  readonly message: string;
  /** The earlier rule that is in the way. */
  readonly by?: string;
}

/** In the order of the rules. Takes time in proportion to the square of their number. */
export function lintPolicy({
  defaultDecision,
  rules,
}: Pick<EffectivePolicy, "defaultDecision" | "rules">): readonly LintFinding[] {
  const findings = rules.flatMap((rule, index) => lintRule(rule, rules.slice(0, index)));
  return defaultDecision === "allow" ? [...findings, DEFAULT_ALLOW] : findings;
}

const DEFAULT_ALLOW: LintFinding = {
  code: "default-allow",
  severity: "warning",
  rule_id: "(default)",
  message: "what no rule mentions is allowed; set `default_decision` to `review` or `block` and allow what is needed",
};

function lintRule(sourced: SourcedRule, earlier: readonly SourcedRule[]): LintFinding[] {
  const dead = neverMatches(sourced.rule);
  if (dead !== undefined) return [finding(sourced, "never-matches", "error", dead)];
  const hidden = lintHidden(sourced, earlier);
  return [...(hidden === undefined ? [] : [hidden]), ...lintBreadth(sourced)];
}

function lintHidden(sourced: SourcedRule, earlier: readonly SourcedRule[]): LintFinding | undefined {
  const { rule } = sourced;
  const proven = earlier.find((other) => coversRule(other.rule, rule));
  const by =
    proven ??
    earlier.find((other) => isLooser(other.rule, rule) && coversRule(other.rule, rule, { ignoreCommands: true }));
  if (by === undefined) return undefined;
  const where = `\`${by.id}\`${by.source === undefined ? "" : ` (${by.source})`}`;
  if (isLooser(by.rule, rule)) {
    const scope = proven === undefined ? "everything but command lines" : "everything";
    const message = `${by.rule.decision} rule ${where} decides ${scope} that this ${rule.decision} is for; move this rule before it`;
    return { ...finding(sourced, "shadowed", proven === undefined ? "warning" : "error", message), by: by.id };
  }
  if (by.rule.decision !== rule.decision) {
    const message = `${by.rule.decision} rule ${where} always matches first; move this rule before it or remove it`;
    return { ...finding(sourced, "unreachable", "error", message), by: by.id };
  }
  if (sameConditions(by.rule, rule)) {
    return { ...finding(sourced, "duplicate", "warning", `says the same as ${where}; remove it`), by: by.id };
  }
  const message = `${where} always matches first and says ${rule.decision} too; remove one of them`;
  return { ...finding(sourced, "redundant", "warning", message), by: by.id };
}

function isLooser(a: ToolRuleConfig, b: ToolRuleConfig): boolean {
  return isStricter(b.decision, a.decision);
}

/** What a rule tests, as one text: equal for rules that match the same, whatever they are called. */
export function conditionsKey({
  id: _id,
  decision: _decision,
  reason: _reason,
  suggestion: _suggestion,
  ...conditions
}: ToolRuleConfig): string {
  const sorted = Object.entries(conditions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted);
}

function sameConditions(a: ToolRuleConfig, b: ToolRuleConfig): boolean {
  return conditionsKey(a) === conditionsKey(b);
}

/** Conditions that narrow an allow to something that can be named. */
const NARROWING = [
  "target",
  "effects",
  "paths",
  "refs",
  "hosts",
  "tables",
  "flags",
  "args",
  "actor",
  "tenant",
  "environment",
] as const;

function lintBreadth(sourced: SourcedRule): LintFinding[] {
  const { rule } = sourced;
  if (rule.decision !== "allow" || !isAnyGlob(rule.tool) || rule.capability === "read") return [];
  if (NARROWING.some((key) => rule[key] !== undefined && !(key === "target" && isAnyGlob(rule.target)))) return [];
  const everything = rule.protocol === undefined && rule.capability === undefined;
  const what = everything
    ? "every action"
    : `every ${[rule.capability, rule.protocol, "action"].filter((word) => word !== undefined).join(" ")}`;
  const message = `allows ${what}; name the tools, or at least \`capability: read\``;
  return [finding(sourced, "broad-allow", everything ? "error" : "warning", message)];
}

function finding(
  { id, source }: SourcedRule,
  code: LintCode,
  severity: LintFinding["severity"],
  message: string,
): LintFinding {
  return { code, severity, rule_id: id, ...(source === undefined ? {} : { source }), message };
}

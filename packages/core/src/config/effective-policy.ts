/**
 * Puts the rules of a configuration and of the packs it names into the one list that is enforced:
 * `tool_policies.rules`, then each pack in the order named, then `tool_policies.rules_after`.
 * First match wins, so what stands earlier is stronger. Pure; compiling and matching live in `policy/`.
 */
import { type DecisionKind, strictestDecision } from "../decision/decision.ts";
import type { PolicyPack, ToolRuleConfig } from "./policy-schema.ts";
import type { ToolPoliciesConfig } from "./tool-policies-schema.ts";

/** A rule with the name and the place it has in traces and evidence. */
export interface SourcedRule {
  /** `config/3`, `pr-writer/17`, or the rule's own id (`pr-writer/<id>` in a pack). Unique in a policy. */
  readonly id: string;
  /** `file:line` of the rule, when it stands in a file. */
  readonly source?: string;
  readonly rule: ToolRuleConfig;
}

/** What is in force: an ordered rule list and what happens when no rule matches. */
export interface EffectivePolicy {
  readonly defaultDecision: DecisionKind;
  readonly packs: readonly string[];
  readonly rules: readonly SourcedRule[];
}

/** A pack and where each of its rules stands (`file:line`, same order as `pack.rules`). */
export interface LoadedPack {
  readonly pack: PolicyPack;
  readonly ruleSources: readonly string[];
}

export interface PolicyParts {
  readonly toolPolicies: ToolPoliciesConfig;
  readonly packs: readonly LoadedPack[];
  /** `file:line` of the rule at a key path such as `tool_policies.rules[3]`. */
  readonly sources: Readonly<Record<string, string>>;
}

/** One list of rules from all parts. With `tool_policies.enabled: false` there are no rules, only the default. */
export function composePolicy({ toolPolicies, packs, sources }: PolicyParts): EffectivePolicy {
  const packDefault = strictestDecision(packs.map(({ pack }) => pack.default_decision));
  const defaultDecision = toolPolicies.default_decision ?? packDefault ?? "block";
  if (!toolPolicies.enabled) return { defaultDecision, packs: [], rules: [] };
  return {
    defaultDecision,
    packs: packs.map(({ pack }) => pack.name),
    rules: [
      ...ownRules("config", toolPolicies.rules, (index) => sources[`tool_policies.rules[${index}]`]),
      ...packs.flatMap(packRules),
      ...ownRules("config-after", toolPolicies.rules_after, (index) => sources[`tool_policies.rules_after[${index}]`]),
    ],
  };
}

/** The policy of one pack alone, for its cases and for `policy lint`. */
export function packPolicy(loaded: LoadedPack): EffectivePolicy {
  return { defaultDecision: loaded.pack.default_decision, packs: [loaded.pack.name], rules: packRules(loaded) };
}

/** What the policy hash covers: everything that can change a decision or its words, not where it was written. */
export function policyContent(policy: EffectivePolicy): {
  readonly default_decision: DecisionKind;
  readonly rules: readonly (ToolRuleConfig & { readonly id: string })[];
} {
  return {
    default_decision: policy.defaultDecision,
    rules: policy.rules.map(({ id, rule }) => ({ ...rule, id })),
  };
}

function ownRules(
  prefix: string,
  rules: readonly ToolRuleConfig[],
  sourceAt: (index: number) => string | undefined,
): SourcedRule[] {
  return rules.map((rule, index) => sourced(rule.id ?? `${prefix}/${index + 1}`, rule, sourceAt(index)));
}

function packRules({ pack, ruleSources }: LoadedPack): SourcedRule[] {
  return pack.rules.map((rule, index) => sourced(`${pack.name}/${rule.id ?? index + 1}`, rule, ruleSources[index]));
}

function sourced(id: string, rule: ToolRuleConfig, source: string | undefined): SourcedRule {
  return source === undefined ? { id, rule } : { id, source, rule };
}

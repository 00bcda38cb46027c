/**
 * What changes from one policy to another: the rules, paired by what they say and by their own ids and never by their
 * place; and the decisions, found by asking both policies about concrete actions. The first says what was edited, the
 * second what it means. "No sampled action changes" is no proof that none does.
 */
import type { ActionDraft } from "../action/action.ts";
import type { EffectivePolicy, SourcedRule } from "../config/effective-policy.ts";
import type { DecisionKind } from "../decision/decision.ts";
import { compileRules } from "./compile-rules.ts";
import { decideAllByRules } from "./decide-by-rules.ts";
import { conditionsKey } from "./lint.ts";
import type { Drafts } from "./sample-actions.ts";

export type RuleChange =
  | { readonly kind: "added"; readonly after: SourcedRule }
  | { readonly kind: "removed"; readonly before: SourcedRule }
  /** Same id, or same conditions: another decision, condition, reason or suggestion. */
  | { readonly kind: "changed"; readonly before: SourcedRule; readonly after: SourcedRule }
  /** Says the same, but stands before or behind other rules than it did. */
  | { readonly kind: "moved"; readonly before: SourcedRule; readonly after: SourcedRule };

export interface DecisionChange {
  readonly action: ActionDraft;
  readonly before: { readonly decision: DecisionKind; readonly rule_id: string };
  readonly after: { readonly decision: DecisionKind; readonly rule_id: string };
}

export interface PolicyDiff {
  readonly rules: readonly RuleChange[];
  readonly default_decision?: { readonly before: DecisionKind; readonly after: DecisionKind };
  /** Different actions that were tried. */
  readonly tried: number;
  readonly decisions: readonly DecisionChange[];
}

type Policy = Pick<EffectivePolicy, "defaultDecision" | "rules">;

/** @throws AegisError `config-invalid` on a bad glob. */
export function diffPolicies(before: Policy, after: Policy, samples: readonly Drafts[]): PolicyDiff {
  const tried = distinctActions(samples);
  const changedDefault = before.defaultDecision !== after.defaultDecision;
  return {
    rules: diffRules(before.rules, after.rules),
    ...(changedDefault ? { default_decision: { before: before.defaultDecision, after: after.defaultDecision } } : {}),
    tried: tried.length,
    decisions: diffDecisions(before, after, tried),
  };
}

function distinctActions(samples: readonly Drafts[]): readonly Drafts[] {
  return [...new Map(samples.map((drafts) => [JSON.stringify(drafts), drafts])).values()];
}

function diffDecisions(before: Policy, after: Policy, samples: readonly Drafts[]): DecisionChange[] {
  const [old, next] = [compileRules(before), compileRules(after)];
  return samples.flatMap((drafts) => {
    const was = decideAllByRules(old, drafts).deciding;
    const is = decideAllByRules(next, drafts).deciding;
    if (was.decision === is.decision) return [];
    const action = drafts[0];
    return [
      {
        action,
        before: { decision: was.decision, rule_id: was.ruleId },
        after: { decision: is.decision, rule_id: is.ruleId },
      },
    ];
  });
}

interface Pair {
  readonly before: SourcedRule;
  readonly after: SourcedRule;
  readonly same: boolean;
}

function diffRules(before: readonly SourcedRule[], after: readonly SourcedRule[]): RuleChange[] {
  const pairs = pairRules(before, after);
  const paired = new Set(pairs.flatMap((pair) => [pair.before, pair.after]));
  const kept = new Set(longestKept(pairs, before));
  return [
    ...before.filter((rule) => !paired.has(rule)).map((rule): RuleChange => ({ kind: "removed", before: rule })),
    ...after.filter((rule) => !paired.has(rule)).map((rule): RuleChange => ({ kind: "added", after: rule })),
    ...pairs.flatMap((pair): RuleChange[] => {
      const { before: was, after: is } = pair;
      if (!pair.same) return [{ kind: "changed", before: was, after: is }];
      return kept.has(pair) ? [] : [{ kind: "moved", before: was, after: is }];
    }),
  ];
}

/** By everything they say, else by their own id, else by their conditions; each rule once, in the order of `after`. */
function pairRules(before: readonly SourcedRule[], after: readonly SourcedRule[]): Pair[] {
  const [leftOld, leftNew] = [new Set(before), new Set(after)];
  const pairs: Pair[] = [];
  const pairBy = (keyOf: (rule: SourcedRule) => string | undefined, same: boolean): void => {
    const byKey = Map.groupBy([...leftOld], keyOf);
    for (const rule of leftNew) {
      const key = keyOf(rule);
      const partner = key === undefined ? undefined : byKey.get(key)?.shift();
      if (partner === undefined) continue;
      leftOld.delete(partner);
      leftNew.delete(rule);
      pairs.push({ before: partner, after: rule, same });
    }
  };
  pairBy((rule) => contentKey(rule), true);
  pairBy(({ rule }) => rule.id, false);
  pairBy(({ rule }) => conditionsKey(rule), false);
  const place = new Map(after.map((rule, index) => [rule, index]));
  return pairs.sort((a, b) => (place.get(a.after) ?? 0) - (place.get(b.after) ?? 0));
}

function contentKey({ rule }: SourcedRule): string {
  const { id, decision, reason, suggestion } = rule;
  return JSON.stringify([id, decision, reason, suggestion, conditionsKey(rule)]);
}

/** The most pairs that stand in the same order on both sides: the rest have moved. */
function longestKept(pairs: readonly Pair[], before: readonly SourcedRule[]): Pair[] {
  const place = new Map(before.map((rule, index) => [rule, index]));
  const best: { readonly pair: Pair; readonly at: number; readonly length: number; readonly previous: number }[] = [];
  for (const pair of pairs) {
    const at = place.get(pair.before) ?? 0;
    let [previous, length] = [-1, 0];
    for (const [index, candidate] of best.entries()) {
      if (candidate.at < at && candidate.length > length) [previous, length] = [index, candidate.length];
    }
    best.push({ pair, at, length: length + 1, previous });
  }
  let index = best.reduce((found, { length }, at) => (length > (best[found]?.length ?? 0) ? at : found), 0);
  const kept: Pair[] = [];
  for (let entry = best[index]; entry !== undefined; entry = best[index]) {
    kept.push(entry.pair);
    index = entry.previous;
  }
  return kept;
}

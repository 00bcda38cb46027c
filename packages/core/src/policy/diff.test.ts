import { describe, expect, test } from "bun:test";
import type { SourcedRule } from "../config/effective-policy.ts";
import { packPolicy } from "../config/effective-policy.ts";
import { type ToolRuleInput, toolRuleSchema } from "../config/policy-schema.ts";
import type { DecisionKind } from "../decision/decision.ts";
import { viewAction } from "./action-view.ts";
import { createBuiltInPacks } from "./built-in-packs.ts";
import { compileRules } from "./compile-rules.ts";
import { diffPolicies, type PolicyDiff } from "./diff.ts";
import { matchRule } from "./match-rule.ts";
import { sampleActions } from "./sample-actions.ts";

function policyOf(defaultDecision: DecisionKind, ...rules: ToolRuleInput[]) {
  const sourced = rules.map((rule, index): SourcedRule => {
    const parsed = toolRuleSchema.parse(rule);
    return { id: parsed.id ?? `p/${index + 1}`, rule: parsed };
  });
  return { defaultDecision, rules: sourced };
}

function diff(before: ReturnType<typeof policyOf>, after: ReturnType<typeof policyOf>): PolicyDiff {
  return diffPolicies(
    before,
    after,
    sampleActions([...before.rules, ...after.rules], (draft) => [draft]),
  );
}

function changesOf({ rules }: PolicyDiff): string[] {
  return rules.map((change) => {
    if (change.kind === "added") return `added ${change.after.rule.tool}`;
    return change.kind === "removed"
      ? `removed ${change.before.rule.tool}`
      : `${change.kind} ${change.after.rule.tool}`;
  });
}

function decisionsOf({ decisions }: PolicyDiff): string[] {
  return [
    ...new Set(decisions.map(({ action, before, after }) => `${action.tool} ${before.decision}->${after.decision}`)),
  ];
}

const list: ToolRuleInput = { tool: "github.list_*", decision: "allow" };
const merge: ToolRuleInput = { tool: "github.merge", decision: "review" };
const erase: ToolRuleInput = { tool: "github.delete_*", decision: "block" };

describe("diffPolicies()", () => {
  test("a rule put in front is one rule added, and only what it decides changes", () => {
    const result = diff(
      policyOf("block", list, merge),
      policyOf("block", { tool: "github.list_secrets", decision: "block" }, list, merge),
    );
    expect(changesOf(result)).toEqual(["added github.list_secrets"]);
    expect(decisionsOf(result)).toEqual(["github.list_secrets allow->block"]);
  });

  test("a rule with another decision is changed, with an action that shows it", () => {
    const result = diff(policyOf("block", list, merge), policyOf("block", list, { ...merge, decision: "allow" }));
    expect(changesOf(result)).toEqual(["changed github.merge"]);
    expect(decisionsOf(result)).toEqual(["github.merge review->allow"]);
  });

  test("a rule with an id stays the same rule when its condition changes", () => {
    const result = diff(
      policyOf("block", { ...list, id: "reads" }),
      policyOf("block", { id: "reads", tool: "github.{list,get}_*", decision: "allow" }),
    );
    expect(changesOf(result)).toEqual(["changed github.{list,get}_*"]);
    expect(decisionsOf(result)).toEqual(["github.get_x block->allow"]);
  });

  test("two rules that change places are one move", () => {
    const all: ToolRuleInput = { tool: "github.*", decision: "allow" };
    const result = diff(policyOf("block", erase, all), policyOf("block", all, erase));
    expect(result.rules.map(({ kind }) => kind)).toEqual(["moved"]);
    expect(decisionsOf(result)).toEqual(["github.delete_x block->allow"]);
  });

  test("a changed default is told, and shown on what no rule mentions", () => {
    const result = diff(policyOf("review", list), policyOf("allow", list));
    expect(result.default_decision).toEqual({ before: "review", after: "allow" });
    expect(decisionsOf(result)).toContain("example.nothing_mentions_this review->allow");
  });

  test("a policy does not differ from itself", () => {
    const policy = policyOf("review", list, merge, erase);
    expect(diff(policy, policy)).toMatchObject({ rules: [], decisions: [] });
  });

  test("finds what one more entry in a list changes", () => {
    const secrets = (...paths: string[]) => policyOf("allow", { id: "secrets", paths, decision: "block" });
    const result = diff(secrets("**/.env", "**/*.pem"), secrets("**/.env", "**/*.pem", "**/*.key"));
    expect(new Set(result.decisions.map(({ action }) => action.effects[0]?.paths?.[0]))).toEqual(
      new Set(["x/y/x.key"]),
    );
  });

  test("finds the action that only one argument, path or actor makes different", () => {
    const base = policyOf("allow", list);
    for (const rule of [
      { tool: "db.run", args: { "options.force": true }, decision: "block" },
      { paths: ["**/.ssh/**"], decision: "block" },
      { flags: ["force"], tool: "git.push", decision: "block" },
      { actor: "bot-*", tool: "fs.write", decision: "block" },
      { capability: "delete", decision: "block" },
    ] satisfies ToolRuleInput[]) {
      expect(diff(base, policyOf("allow", rule, list)).decisions.length).toBeGreaterThan(0);
    }
  });
});

test("samples reach nearly every rule of the packs that ship", () => {
  const packs = createBuiltInPacks();
  for (const name of packs.names) {
    const policy = packPolicy(packs.load(name));
    const views = sampleActions(policy.rules, (draft) => [draft]).flatMap((drafts) => drafts.flatMap(viewAction));
    const compiled = compileRules(policy).rules;
    const reached = compiled.filter((rule) => views.some((view) => matchRule(rule, view) === undefined));
    expect(reached.length / compiled.length).toBeGreaterThan(0.9);
  }
});

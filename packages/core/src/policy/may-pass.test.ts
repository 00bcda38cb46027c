import { describe, expect, test } from "bun:test";
import type { ActionDraft, Capability } from "../action/action.ts";
import { compileRules } from "./compile-rules.ts";
import { mayPassRules } from "./may-pass.ts";

type Rules = Parameters<typeof compileRules>[0]["rules"];
type RuleText = Readonly<Record<string, unknown>>;

function policyOf(defaultDecision: "allow" | "review" | "block", rules: readonly RuleText[]) {
  const sourced = rules.map((rule, index) => ({ id: `r/${index + 1}`, rule })) as unknown as Rules;
  return compileRules({ defaultDecision, rules: sourced });
}

function draft(tool: string, capability: Capability): ActionDraft {
  return {
    actor: { type: "agent", id: "key-1", session_id: "s", tenant_id: "t" },
    task: "mcp-session",
    protocol: "mcp",
    tool,
    target: tool,
    target_kind: "name",
    parameters: {},
    requested_capability: capability,
    effects: [],
  };
}

describe("mayPassRules()", () => {
  test.each<[string, "allow" | "review" | "block", readonly RuleText[], boolean]>([
    ["a default of allow passes", "allow", [], true],
    ["a default of review passes", "review", [], true],
    ["a default of block does not", "block", [], false],
    ["an allow for the tool passes", "block", [{ tool: "fs.*", decision: "allow" }], true],
    ["an allow for some targets passes", "block", [{ tool: "fs.*", target: "docs/**", decision: "allow" }], true],
    ["an allow for some arguments passes", "block", [{ args: { branch: ["x"] }, decision: "allow" }], true],
    ["a block before it does not", "allow", [{ tool: "fs.write", decision: "block" }], false],
    ["a block for some targets passes", "allow", [{ tool: "fs.write", target: "/etc/**", decision: "block" }], true],
    ["a block for everyone else's target does not help", "block", [{ target: "/etc/**", decision: "block" }], false],
    [
      "an allow behind a block does not",
      "block",
      [
        { decision: "block", tool: "*.write" },
        { tool: "fs.*", decision: "allow" },
      ],
      false,
    ],
    ["an allow for another capability does not", "block", [{ capability: "read", decision: "allow" }], false],
    ["an allow for another actor does not", "block", [{ actor: ["key-2"], decision: "allow" }], false],
    ["an allow for this actor passes", "block", [{ actor: ["key-*"], decision: "allow" }], true],
  ])("%s", (_title, fallback, rules, expected) => {
    expect(mayPassRules(policyOf(fallback, rules), draft("fs.write", "write"))).toBe(expected);
  });
});

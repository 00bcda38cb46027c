import { describe, expect, test } from "bun:test";
import { composePolicy, type LoadedPack, packPolicy, policyContent } from "./effective-policy.ts";
import { formatProblem } from "./key-path.ts";
import { parsePolicyPack } from "./parse-policy-pack.ts";
import { toolPoliciesSchema } from "./tool-policies-schema.ts";

function pack(text: string, fileName: string): LoadedPack {
  const result = parsePolicyPack(text, fileName);
  if (result.kind === "errors") throw new Error(result.errors.map(formatProblem).join("\n"));
  return result;
}

const STRICT = pack(
  "name: strict\ndefault_decision: block\nrules:\n  - {tool: a, decision: allow}\n  - {id: named, tool: b, decision: block}\n",
  "strict.yaml",
);
const LOOSE = pack(
  "tool_policies:\n  default_decision: allow\n  rules:\n    - {tool: c, decision: review}\n",
  "packs/loose.yaml",
);

const own = toolPoliciesSchema.parse({
  rules: [
    { tool: "x", decision: "block" },
    { id: "mine", tool: "y", decision: "allow" },
  ],
  rules_after: [{ tool: "z", decision: "review" }],
});
const sources = {
  "tool_policies.rules[0]": "c.yaml:3",
  "tool_policies.rules[1]": "c.yaml:4",
  "tool_policies.rules_after[0]": "c.yaml:6",
};

describe("composePolicy()", () => {
  test("puts own rules first, packs in the order named, later rules last, each with id and place", () => {
    const policy = composePolicy({ toolPolicies: own, packs: [STRICT, LOOSE], sources });
    expect(policy.rules.map(({ id, source }) => `${id} ${source}`)).toEqual([
      "config/1 c.yaml:3",
      "mine c.yaml:4",
      "strict/1 strict.yaml:4",
      "strict/named strict.yaml:5",
      "loose/1 packs/loose.yaml:4",
      "config-after/1 c.yaml:6",
    ]);
    expect(policy.packs).toEqual(["strict", "loose"]);
  });

  test("takes the default from the file, else the strictest of the packs, else block", () => {
    const defaultOf = (toolPolicies: typeof own, packs: readonly LoadedPack[]): string =>
      composePolicy({ toolPolicies, packs, sources: {} }).defaultDecision;
    expect(defaultOf({ ...own, default_decision: "review" }, [STRICT])).toBe("review");
    expect(defaultOf(own, [LOOSE, STRICT])).toBe("block");
    expect(defaultOf(own, [LOOSE])).toBe("allow");
    expect(defaultOf(own, [])).toBe("block");
  });

  test("has no rules when switched off, and blocks", () => {
    expect(composePolicy({ toolPolicies: { ...own, enabled: false }, packs: [], sources })).toEqual({
      defaultDecision: "block",
      packs: [],
      rules: [],
    });
  });

  test("hashes what decides, not where it stands", () => {
    const here = policyContent(composePolicy({ toolPolicies: own, packs: [STRICT], sources }));
    const there = policyContent(composePolicy({ toolPolicies: own, packs: [STRICT], sources: {} }));
    expect(here).toEqual(there);
    expect(here.rules[0]).toEqual({ id: "config/1", tool: "x", decision: "block" });
  });
});

describe("parsePolicyPack()", () => {
  test("reads both shapes; the starter kit's takes its name from the file", () => {
    expect(packPolicy(STRICT).rules).toHaveLength(2);
    expect(LOOSE.pack).toMatchObject({ name: "loose", default_decision: "allow" });
  });

  test.each([
    ["name: a\nrules: []", "p.yaml:2:8: rules: a pack needs at least one rule"],
    [
      "name: A b\nrules: [{tool: x, decision: allow}]",
      "p.yaml:1:7: name: a pack's name is 1 to 64 lower-case letters, digits and dashes",
    ],
    [
      "name: a\nrule: []\nrules: [{tool: x, decision: allow}]",
      "p.yaml:2:1: rule: unknown key `rule`; did you mean `rules`?",
    ],
    [
      "name: a\nrules: [{tool: x, desision: allow, decision: allow}]",
      "p.yaml:2:19: rules[0].desision: unknown key `desision`; did you mean `decision`?",
    ],
    [
      "name: a\nrules: [{id: q, tool: x, decision: allow}, {id: q, tool: y, decision: block}]",
      "p.yaml:2:49: rules[1].id: duplicate rule id `q`; rename one of the two rules",
    ],
    [
      "tool_policies: {enabled: false, rules: [{tool: x, decision: allow}]}",
      "p.yaml:1:26: tool_policies.enabled: a pack with `enabled: false` does nothing; set it to true or remove the pack",
    ],
    [
      "tool_policies: {rules: [{tool: x, decision: alow}]}",
      "p.yaml:1:45: tool_policies.rules[0].decision: `alow` is not one of allow, review, block; did you mean `allow`?",
    ],
  ])("refuses %s", (text, error) => {
    const result = parsePolicyPack(text, "p.yaml");
    expect(result.kind === "errors" ? result.errors.map(formatProblem) : []).toEqual([error]);
  });

  test("does not expand variables", () => {
    const loaded = pack(
      "name: a\nrules: [{tool: 'echo ${HOME}', decision: block}]".replace(
        "{tool: 'echo ${HOME}'",
        "{target: 'echo $\\{HOME\\}', tool: x",
      ),
      "a.yaml",
    );
    expect(loaded.pack.rules[0]?.target).toBe("echo $\\{HOME\\}");
  });
});

/** What rules mean: typed targets, compound actions, the direction of an allow, and index == linear scan == explain. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ActionDraft, CAPABILITIES, type Capability, PROTOCOLS, TARGET_KINDS } from "../action/action.ts";
import { EFFECT_KINDS, type Effect } from "../action/effect.ts";
import { type ToolRuleInput, toolRuleSchema } from "../config/policy-schema.ts";
import { DECISIONS, type DecisionKind } from "../decision/decision.ts";
import { viewAction } from "./action-view.ts";
import { type CompiledPolicy, compileRules } from "./compile-rules.ts";
import { decideByRules, toVerdict } from "./decide-by-rules.ts";
import { explainPolicy } from "./explain-policy.ts";
import { matchRule } from "./match-rule.ts";

/** Random policies x actions per run of the suite; CI leaves the default. */
const RUNS = Number(process.env["AEGISFLOW_POLICY_RUNS"] ?? 5_000);

function policyOf(defaultDecision: DecisionKind, ...rules: ToolRuleInput[]): CompiledPolicy {
  return compileRules({
    defaultDecision,
    rules: rules.map((rule, index) => ({ id: rule.id ?? `r${index}`, rule: toolRuleSchema.parse(rule) })),
  });
}

function draftOf(fields: Partial<ActionDraft>): ActionDraft {
  return {
    actor: { type: "agent", id: "key-1", session_id: "s", tenant_id: "acme" },
    task: "t",
    protocol: "mcp",
    tool: "github.get_repo",
    target: "acme/api",
    target_kind: "repo",
    parameters: {},
    requested_capability: "read",
    effects: [],
    ...fields,
  };
}

function decide(policy: CompiledPolicy, fields: Partial<ActionDraft>): DecisionKind {
  return decideByRules(policy, draftOf(fields)).deciding.decision;
}

function shellOp(text: string, capability: Capability, extra: Partial<Effect> = {}): Effect {
  const argv = text.split(" ");
  return { kind: "exec", operation: `shell.${argv[0]}`, tool: `shell.${argv[0]}`, argv, capability, ...extra };
}

describe("decideByRules()", () => {
  test("takes the first rule that matches, else the default", () => {
    const policy = policyOf(
      "block",
      { tool: "github.get_*", decision: "allow" },
      { tool: "github.*", decision: "review" },
    );
    expect(decide(policy, { tool: "github.get_repo" })).toBe("allow");
    expect(decide(policy, { tool: "github.delete_repo" })).toBe("review");
    expect(decide(policy, { tool: "fs.read" })).toBe("block");
  });

  test("does not let an unknown capability pass by an allow that does not name it", () => {
    const unknown = { requested_capability: "unknown" } as const;
    expect(decide(policyOf("allow", { tool: "x", decision: "block" }), unknown)).toBe("review");
    expect(decide(policyOf("block", { tool: "*", decision: "allow" }), unknown)).toBe("review");
    expect(decide(policyOf("block", { capability: "unknown", decision: "allow" }), unknown)).toBe("allow");
  });

  test("decides every operation of a compound action and takes the strictest", () => {
    const policy = policyOf(
      "review",
      { tool: "shell.cat", decision: "allow" },
      { tool: "shell.rm", decision: "block" },
    );
    const shell = { protocol: "shell", target_kind: "command", requested_capability: "read" } as const;
    const cat = shellOp("cat x", "read");
    expect(decide(policy, { ...shell, tool: "shell.cat", target: "cat x", effects: [cat] })).toBe("allow");
    const both = {
      ...shell,
      tool: "shell.cat",
      target: "cat x; rm -rf ~",
      effects: [cat, shellOp("rm -rf ~", "delete")],
    };
    expect(decide(policy, { ...both, requested_capability: "delete" })).toBe("block");
    const other = { ...shell, tool: "shell.cat", target: "cat x && dd", effects: [cat, shellOp("dd", "write")] };
    expect(decide(policy, { ...other, requested_capability: "write" })).toBe("review");
  });

  test("an allow for a command holds word by word, a block in any form of it", () => {
    const policy = policyOf(
      "review",
      { id: "force", target: "git push --force*", decision: "block" },
      { id: "main", target: "git push origin main*", decision: "block" },
      { id: "feat", target: "git push origin feat/*", decision: "allow" },
      { id: "status", target: "git status*", decision: "allow" },
      { id: "keys", target: "**/.ssh/*", decision: "block" },
      { id: "docs", target: "docs/**", decision: "allow" },
    );
    const ask = (line: string, paths: string[] = []): DecisionKind => {
      const effects = [shellOp(line, "execute", { paths })];
      return decide(policy, {
        protocol: "shell",
        tool: "shell.exec",
        target: line,
        target_kind: "command",
        requested_capability: "execute",
        effects,
      });
    };
    expect(ask("git push --force origin feat/x")).toBe("block");
    expect(ask("git push -v origin main")).toBe("block");
    expect(ask("git push origin feat/x")).toBe("allow");
    expect(ask("git push origin feat/x main")).toBe("review");
    expect(ask("git status --short -b")).toBe("allow");
    expect(ask("head /home/u/.ssh/id_rsa", ["/home/u/.ssh/id_rsa"])).toBe("block");
    expect(ask("head docs/a", ["docs/a"])).toBe("allow");
    expect(ask("head docs/a src/b", ["docs/a", "src/b"])).toBe("review");
  });

  test.each<[kind: ActionDraft["target_kind"], rule: string, target: string, matches: boolean]>([
    ["path", "/etc/shadow", "/etc//x/../shadow", true],
    ["path", "docs/**", "./docs/a/../b.md/", true],
    ["path", "docs/*", "docs/a/b", false],
    ["path", "docs/**", "docs/../src/a", false],
    ["path", "~/.ssh/**", "/home/u/.ssh/id_rsa", true],
    ["path", "docs/é*", "docs/e\u0301x", true],
    ["path", "Docs/*", "docs/a", false],
    ["url", "https://api.stripe.com/*", "https://api.stripe.com/v1/charges", true],
    ["url", "https://API.stripe.com/*", "HTTPS://api.Stripe.com:443/a", true],
    ["url", "https://x.dev/admin/*", "https://x.dev./a/../%61dmin/y", true],
    ["repo", "acme/*", "Acme/API", true],
    ["repo", "acme/api", "git@github.com:Acme/API.git", true],
    ["repo", "acme/api", "https://git.evil.test/acme/api", false],
    ["text", "*ignore previous instructions*", "a/b IGNORE\n previous\u200b instructions now", true],
    ["name", "queue-*", "queue-a/b", true],
  ])("matches a target of kind %s: %s against %s is %p", (target_kind, rule, target, matches) => {
    expect(decide(policyOf("review", { target: rule, decision: "block" }), { target_kind, target })).toBe(
      matches ? "block" : "review",
    );
  });

  test.each(["https://api.stripe.com@evil.test/", "not a url", "https://:p@x.test/"])(
    "refuses the URL %s",
    (target) => {
      const ruling = decideByRules(
        policyOf("allow", { tool: "*", decision: "allow" }),
        draftOf({ target_kind: "url", target }),
      );
      expect(toVerdict(ruling, "tool-rules")).toMatchObject({ decision: "block", rule: "(refused)" });
    },
  );

  test.each([
    "github.delete_repo ",
    " github.delete_repo",
    "github.delete\u200b_repo",
    "github.dеlete_repo",
    "ｇithub.delete_repo",
    "github.delete_repo\u0000",
    "github.delete_repo\u00a0",
  ])("refuses the disguised tool name %j even when the default is allow", (tool) =>
    expect(decide(policyOf("allow", { tool: "other", decision: "block" }), { tool })).toBe("block"),
  );

  test("accepts honest names in other scripts", () => {
    expect(decide(policyOf("allow", { tool: "other", decision: "block" }), { tool: "文件.读取" })).toBe("allow");
    expect(decide(policyOf("allow", { tool: "other", decision: "block" }), { tool: "поиск" })).toBe("allow");
  });

  test("tests arguments, actors, tenants, environments, refs, hosts, tables and flags", () => {
    const check = (rule: Omit<ToolRuleInput, "decision">, fields: Partial<ActionDraft>): DecisionKind =>
      decide(policyOf("review", { ...rule, decision: "block" }), fields);
    const parameters = { base: "main", options: { force: true, tags: ["a", "b"] }, "a.b": 3 };
    expect(check({ args: { base: "ma*" } }, { parameters })).toBe("block");
    expect(check({ args: { "/options/force": true } }, { parameters })).toBe("block");
    expect(check({ args: { "options.tags": "b" } }, { parameters })).toBe("block");
    expect(check({ args: { "options.tags.1": ["x", "b"] } }, { parameters })).toBe("block");
    expect(check({ args: { "a.b": 3 } }, { parameters })).toBe("block");
    expect(check({ args: { base: "main", missing: "*" } }, { parameters })).toBe("review");
    expect(check({ actor: "key-*" }, {})).toBe("block");
    expect(check({ tenant: ["other", "acme"] }, {})).toBe("block");
    expect(check({ environment: "prod" }, { environment: "prod" })).toBe("block");
    expect(
      check({ refs: "main" }, { effects: [{ kind: "vcs", operation: "git.push", refs: ["refs/heads/main"] }] }),
    ).toBe("block");
    expect(
      check({ tables: "users" }, { effects: [{ kind: "write", operation: "sql.update", tables: ["public.Users"] }] }),
    ).toBe("block");
    expect(check({ flags: "force" }, { effects: [{ kind: "vcs", operation: "git.push", flags: ["force"] }] })).toBe(
      "block",
    );
    expect(check({ hosts: "*.evil.test" }, { target_kind: "url", target: "https://a.evil.test/x" })).toBe("block");
    expect(check({ effects: "delete" }, { requested_capability: "delete" })).toBe("block");
  });

  test("an allow with a list condition needs values, and all of them", () => {
    const policy = policyOf("review", { paths: ["docs/**"], decision: "allow" });
    const ask = (paths: string[]): DecisionKind =>
      decide(policy, { effects: [{ kind: "write", operation: "fs.move", paths }] });
    expect([ask(["docs/a"]), ask(["docs/a", "src/b"]), ask([])]).toEqual(["allow", "review", "review"]);
  });

  test("what the gate asks for as a whole is decided too", () => {
    const policy = policyOf("allow", { capability: "delete", decision: "block" });
    const effects: Effect[] = [{ kind: "read", operation: "x.read", capability: "read" }];
    expect(decide(policy, { requested_capability: "delete", effects })).toBe("block");
  });
});

describe("explainPolicy()", () => {
  test("says why each rule did not match, in the words of the reference product", () => {
    const policy = policyOf(
      "block",
      { protocol: "git", decision: "block" },
      { tool: "fs.*", decision: "allow" },
      { target: "other/*", decision: "allow" },
      { capability: "write", decision: "allow" },
      { args: { a: 1 }, decision: "allow" },
      { tool: "github.*", decision: "review", suggestion: "read instead" },
      { tool: "*", decision: "allow" },
    );
    const explanation = explainPolicy(policy, draftOf({}));
    expect(explanation.check_trace.map((check) => check.fail_reason)).toEqual([
      "protocol mismatch",
      "tool glob no match",
      "target glob no match",
      "capability mismatch",
      "argument mismatch",
      undefined,
    ]);
    expect(explanation).toMatchObject({
      decision: "review",
      rule_id: "r5",
      matched_index: 5,
      rules_checked: 6,
      default_used: false,
      suggestion: "read instead",
    });
  });

  test("names the default when nothing matched", () => {
    const explanation = explainPolicy(policyOf("block", { tool: "fs.*", decision: "allow" }), draftOf({}));
    expect(explanation).toMatchObject({
      decision: "block",
      rule_id: "(default)",
      matched_index: -1,
      default_used: true,
    });
    expect(explanation.suggestion).toContain("github.get_repo");
  });
});

describe("for random policies and actions", () => {
  test("the index finds what a linear scan finds, and explain says what enforce decides", () => {
    fc.assert(
      fc.property(policyArbitrary, draftArbitrary, (policy, draft) => {
        for (const view of viewAction(draft)) {
          expect(policy.firstMatch(view)).toBe(policy.rules.find((rule) => matchRule(rule, view) === undefined));
        }
        const verdict = toVerdict(decideByRules(policy, draft), "tool-rules");
        const explanation = explainPolicy(policy, draft);
        expect([explanation.decision, explanation.rule_id]).toEqual([verdict.decision, verdict.rule]);
      }),
      { numRuns: RUNS },
    );
  });
});

const names = [
  "github.get_repo",
  "github.delete_repo",
  "fs.read",
  "shell.rm",
  "shell.exec",
  "git.push",
  "plain",
  "a.b.c",
];
const toolGlobs = [
  ...names,
  "*",
  "github.*",
  "github.{get,delete}_repo",
  "{fs,shell}.*",
  "*.read",
  "?it*.push",
  "a.**",
  "shell.[er]*",
];
const values = ["main", "docs/a", "docs/**", "*", "x y", "**/a", "https://x.test/a", "*x*"];
const someValues = fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const ruleArbitrary = fc.record(
  {
    decision: fc.constantFrom(...DECISIONS),
    protocol: fc.constantFrom(...PROTOCOLS),
    tool: fc.constantFrom(...toolGlobs),
    target: fc.constantFrom(...values),
    capability: fc.constantFrom(...CAPABILITIES),
    effects: fc.array(fc.constantFrom(...EFFECT_KINDS), { minLength: 1, maxLength: 4 }),
    paths: someValues,
    refs: someValues,
    flags: someValues,
  },
  { requiredKeys: ["decision"] },
);
const policyArbitrary = fc
  .tuple(fc.constantFrom(...DECISIONS), fc.array(ruleArbitrary, { maxLength: 12 }))
  .map(([defaultDecision, rules]) => policyOf(defaultDecision, ...rules.map((rule) => ({ tool: "*", ...rule }))));
const effectArbitrary: fc.Arbitrary<Effect> = fc.record(
  {
    kind: fc.constantFrom(...EFFECT_KINDS),
    operation: fc.constantFrom(...names),
    tool: fc.constantFrom(...names),
    argv: someValues,
    capability: fc.constantFrom(...CAPABILITIES),
    paths: someValues,
    refs: someValues,
    flags: someValues,
  },
  { requiredKeys: ["kind", "operation"] },
);
const draftArbitrary = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    tool: fc.constantFrom(...names, "github.get_repo "),
    target: fc.constantFrom(...values),
    target_kind: fc.constantFrom(...TARGET_KINDS),
    requested_capability: fc.constantFrom(...CAPABILITIES),
    effects: fc.array(effectArbitrary, { maxLength: 3 }),
  })
  .map(draftOf);

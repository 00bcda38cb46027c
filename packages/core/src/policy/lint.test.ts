import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ActionDraft, CAPABILITIES, PROTOCOLS, TARGET_KINDS } from "../action/action.ts";
import { EFFECT_KINDS, type Effect } from "../action/effect.ts";
import { type ToolRuleInput, toolRuleSchema } from "../config/policy-schema.ts";
import { DECISIONS } from "../decision/decision.ts";
import { viewAction } from "./action-view.ts";
import { compileRules } from "./compile-rules.ts";
import { lintPolicy } from "./lint.ts";

/** Random policies per run of the suite, each searched with `ACTIONS` actions; CI leaves the default. */
const RUNS = Number(process.env["AEGISFLOW_LINT_RUNS"] ?? 2_000);
const ACTIONS = 60;

function rulesOf(rules: readonly ToolRuleInput[]) {
  return rules.map((rule, index) => ({
    id: `r${index}`,
    source: `p.yaml:${index + 2}`,
    rule: toolRuleSchema.parse(rule),
  }));
}

function lint(...rules: ToolRuleInput[]): string[] {
  return lintPolicy({ defaultDecision: "block", rules: rulesOf(rules) }).map(
    ({ rule_id, code, severity, by }) => `${rule_id} ${code} ${severity}${by === undefined ? "" : ` ${by}`}`,
  );
}

describe("lintPolicy()", () => {
  test.each<[title: string, rules: ToolRuleInput[], findings: string[]]>([
    [
      "an allow that decides all that a later block is for",
      [
        { tool: "github.*", decision: "allow" },
        { tool: "github.delete_*", decision: "block" },
      ],
      ["r1 shadowed error r0"],
    ],
    [
      "an allow before a block, for all but command lines",
      [
        { target: "docs/**", decision: "allow" },
        { target: "docs/secret/*", decision: "block" },
      ],
      ["r1 shadowed warning r0"],
    ],
    [
      "a rule behind a stricter one that always matches",
      [
        { tool: "{fs,github}.*", decision: "block" },
        { tool: "fs.read", capability: "read", decision: "allow" },
      ],
      ["r1 unreachable error r0"],
    ],
    [
      "a rule that says again what a wider one says",
      [
        { paths: ["**/.env", "**/*.pem"], decision: "block" },
        { paths: ["config/.env"], decision: "block" },
      ],
      ["r1 redundant warning r0"],
    ],
    [
      "the same rule twice",
      [
        { tool: "fs.read", capability: "read", decision: "allow" },
        { capability: "read", tool: "fs.read", decision: "allow", reason: "x" },
      ],
      ["r1 duplicate warning r0"],
    ],
    [
      "a tool of the shell without its namespace",
      [{ protocol: "shell", tool: "{rm,dd}", decision: "block" }],
      ["r0 never-matches error"],
    ],
    ["a path that normalising takes away", [{ paths: "docs/../src/*", decision: "block" }], ["r0 never-matches error"]],
    ["a host with its scheme", [{ hosts: "https://x.test", decision: "block" }], ["r0 never-matches error"]],
    ["an allow for everything", [{ tool: "*", decision: "allow" }], ["r0 broad-allow error"]],
    ["an allow for a whole protocol", [{ protocol: "mcp", decision: "allow" }], ["r0 broad-allow warning"]],
    ["nothing about an allow for reads", [{ tool: "*", capability: "read", decision: "allow" }], []],
    [
      "nothing about an exception before a general rule",
      [
        { tool: "github.list_*", decision: "allow" },
        { tool: "github.*", decision: "block" },
      ],
      [],
    ],
    [
      "nothing about an allow that holds only when every path fits",
      [
        { paths: "docs/**", decision: "allow" },
        { paths: "docs/secret/**", decision: "block" },
      ],
      [],
    ],
    [
      "nothing about other actors",
      [
        { tool: "fs.*", actor: "bot-*", decision: "allow" },
        { tool: "fs.*", decision: "block" },
      ],
      [],
    ],
  ])("reports %s", (_title, rules, findings) => {
    expect(lint(...rules)).toEqual(findings);
  });

  test("says where the rule in the way stands and what to do", () => {
    const [found] = lintPolicy({
      defaultDecision: "allow",
      rules: rulesOf([
        { tool: "fs.*", decision: "allow" },
        { tool: "fs.delete", decision: "block" },
      ]),
    });
    expect(found).toMatchObject({ source: "p.yaml:3", by: "r0" });
    expect(found?.message).toBe(
      "allow rule `r0` (p.yaml:2) decides everything that this block is for; move this rule before it",
    );
  });

  test("warns of a default that allows", () => {
    expect(lintPolicy({ defaultDecision: "allow", rules: [] })).toMatchObject([
      { code: "default-allow", severity: "warning" },
    ]);
  });

  test("reads a thousand rules within seconds", () => {
    const rules = Array.from(
      { length: 1_000 },
      (_, index): ToolRuleInput => ({ tool: `ns${index % 40}.op_${index}.*`, decision: "block" }),
    );
    expect(lint(...rules)).toHaveLength(0);
  }, 15_000);
});

test("no action reaches a rule that is called unreachable, shadowed, redundant or duplicate", () => {
  fc.assert(
    fc.property(
      fc.array(ruleArbitrary, { minLength: 2, maxLength: 10 }),
      fc.array(draftArbitrary, { minLength: ACTIONS, maxLength: ACTIONS }),
      (inputs, drafts) => {
        const rules = rulesOf(inputs.map((rule) => ({ tool: "*", ...rule })));
        const findings = lintPolicy({ defaultDecision: "block", rules });
        const proven = findings.filter(({ by, message }) => by !== undefined && !message.includes("but command lines"));
        const hidden = new Set(proven.map(({ rule_id }) => rule_id));
        const { firstMatch } = compileRules({ defaultDecision: "block", rules });
        for (const view of drafts.flatMap(viewAction)) {
          const reached = firstMatch(view);
          if (reached !== undefined && hidden.has(reached.id))
            throw new Error(`${reached.id} is reached by ${JSON.stringify(view)}`);
        }
      },
    ),
    { numRuns: RUNS },
  );
}, 60_000);

const names = ["github.get_repo", "github.delete_repo", "fs.read", "shell.rm", "shell.exec", "git.push", "plain"];
const toolGlobs = [...names, "*", "**", "github.*", "github.{get,delete}_repo", "{fs,shell}.*", "*.read", "shell.*"];
const values = [
  "main",
  "docs/a",
  "docs/a/b",
  "x y",
  "~/.ssh/id",
  "/home/u/.ssh/id",
  "rm -rf docs",
  "https://x.test/a",
  "Docs/A",
];
const valueGlobs = [
  ...values,
  "*",
  "**",
  "docs/**",
  "docs/*",
  "**/a",
  "~/**",
  "*x*",
  "rm *",
  "rm -rf *",
  "/home/**",
  "docs/",
  "x*",
  "[dD]ocs/*",
  "**/.ssh/*",
];
const someGlobs = fc.array(fc.constantFrom(...valueGlobs), { minLength: 1, maxLength: 2 });
const someValues = fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

const ruleArbitrary = fc
  .record(
    {
      decision: fc.constantFrom(...DECISIONS),
      protocol: fc.constantFrom("mcp" as const, "shell" as const),
      tool: fc.constantFrom(...toolGlobs),
      target: fc.constantFrom(...valueGlobs),
      capability: fc.constantFrom("read" as const, "delete" as const),
      effects: fc.array(fc.constantFrom("read" as const, "delete" as const), { minLength: 1, maxLength: 2 }),
      paths: someGlobs,
      refs: someGlobs,
      tables: someGlobs,
      flags: someGlobs,
      args: fc.dictionary(fc.constantFrom("a", "b"), someGlobs, { maxKeys: 1 }),
      actor: someGlobs,
    },
    { requiredKeys: ["decision"] },
  )
  .map((rule): ToolRuleInput => pickSome(rule));

/** Few conditions per rule, so that rules often meet. */
function pickSome(
  rule: Omit<ToolRuleInput, "decision"> & { readonly decision: ToolRuleInput["decision"] },
): ToolRuleInput {
  const { decision, ...conditions } = rule;
  return { ...Object.fromEntries(Object.entries(conditions).slice(-3)), decision };
}

const effectArbitrary: fc.Arbitrary<Effect> = fc.record(
  {
    kind: fc.constantFrom(...EFFECT_KINDS),
    operation: fc.constantFrom(...names),
    tool: fc.constantFrom(...names),
    argv: fc.constantFrom(["rm", "-rf", "docs"], ["docs/a"], ["x", "y"], ["main"]),
    capability: fc.constantFrom(...CAPABILITIES),
    paths: someValues,
    refs: someValues,
    tables: someValues,
    flags: someValues,
  },
  { requiredKeys: ["kind", "operation"] },
);

const draftArbitrary = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    tool: fc.constantFrom(...names),
    target: fc.constantFrom(...values),
    target_kind: fc.constantFrom(...TARGET_KINDS),
    requested_capability: fc.constantFrom(...CAPABILITIES),
    effects: fc.array(effectArbitrary, { maxLength: 2 }),
    parameters: fc.dictionary(fc.constantFrom("a", "b"), fc.oneof(fc.constantFrom(...values), someValues), {
      maxKeys: 2,
    }),
    actorId: fc.constantFrom(...values),
  })
  .map(
    ({ actorId, ...fields }): ActionDraft => ({
      ...fields,
      actor: { type: "agent", id: actorId, session_id: "s", tenant_id: "acme" },
      task: "t",
    }),
  );

import { describe, expect, test } from "bun:test";
import { packPolicy } from "../config/effective-policy.ts";
import { parsePolicyPack } from "../config/parse-policy-pack.ts";
import { createTrialCallDescriber } from "../tool-calls/describe-trial-call.ts";
import { compileRules } from "./compile-rules.ts";
import { parsePolicyCases, runPolicyCases } from "./policy-cases.ts";

const PACK = `
name: p
default_decision: review
rules:
  - { id: reads, tool: "github.*", capability: read, decision: allow }
  - { id: docs, paths: ["docs/**"], decision: allow }
  - { id: never, tool: "github.delete_*", decision: block }
`;

function run(casesText: string) {
  const pack = parsePolicyPack(PACK, "p.yaml");
  const cases = parsePolicyCases(casesText, "p.cases.yaml");
  if (pack.kind === "errors" || cases.kind === "errors") throw new Error(JSON.stringify([pack, cases]));
  return runPolicyCases(compileRules(packPolicy(pack)), cases.cases, createTrialCallDescriber([]));
}

function errorsOf(text: string): string[] {
  const parsed = parsePolicyCases(text, "p.cases.yaml");
  return parsed.kind === "errors" ? parsed.errors.map(({ line, message }) => `${line}: ${message}`) : [];
}

describe("runPolicyCases()", () => {
  test("reads a call as the gate would and reports rules that no case exercises", () => {
    const report = run(`cases:
      - { call: github.list_repos, expect: allow, rule: reads }
      - { call: fs.write_file, args: { path: docs/a.md, content: x }, expect: allow, rule: p/docs }
      - { call: fs.write_file, args: { path: docs/../src/a.ts, content: x }, expect: review, rule: (default) }
    `);
    expect(report).toEqual({ passed: 3, failures: [], unexercised: ["p/never"], defaultExercised: true });
  });

  test("tells a failure with what decided and why the expected rule did not match", () => {
    const { passed, failures } = run(`cases:
      - { call: github.create_issue, target: acme/api, expect: block, rule: never }`);
    expect(passed).toBe(0);
    expect(failures).toMatchObject([
      {
        source: "p.cases.yaml:2",
        action: "mcp github.create_issue `acme/api`",
        expected: "block by never",
        got: "review by (default)",
        trace: [expect.stringContaining("review by (default); never: tool glob no match")],
      },
    ]);
  });

  test("the right decision by another rule than expected is a failure", () => {
    expect(run("cases: [{ call: github.list_repos, expect: allow, rule: docs }]").failures).toHaveLength(1);
  });

  test("a call on several paths is as strict as its strictest path", () => {
    const report = run(`cases:
      - { call: fs.read_multiple_files, args: { paths: [docs/a, src/b] }, expect: review }
      - { call: fs.read_multiple_files, args: { paths: [docs/a, docs/b] }, expect: allow }`);
    expect(report.failures).toEqual([]);
  });
});

describe("parsePolicyCases()", () => {
  test.each([
    ["", "cases"],
    ["cases: []", "needs at least one case"],
    ["cases: [{ call: x, expect: deny }]", "`deny`"],
    ["cases:\n  - { call: x, expects: allow }", "2: unknown key `expects`; did you mean `expect`?"],
    ["cases:\n  - { call: x, expect: allow }\n  - { tool: x, expect: allow }", "3: a case needs `protocol` and `tool`"],
    ["cases: [{ call: x, expect: allow, expect: block }]", "duplicate key `expect`"],
    ["{", "not valid YAML"],
  ])("refuses %j in words", (text, part) => {
    const errors = errorsOf(text);

    expect(errors.join("\n")).toContain(part);
  });
});

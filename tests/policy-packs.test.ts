/** Every shipped pack against its own cases, through the matcher of enforcement; no rule may be a guess. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packPolicy } from "@aegisflow/core/config/effective-policy";
import { createBuiltInPacks } from "@aegisflow/core/policy/built-in-packs";
import { compileRules } from "@aegisflow/core/policy/compile-rules";
import { parsePolicyCases, runPolicyCases } from "@aegisflow/core/policy/policy-cases";
import { createActionDescriber } from "@aegisflow/effects";

const PACKS = join(import.meta.dirname, "..", "policy-packs");
const NAMES = [
  "coding-agent-permissive",
  "coding-agent-readonly",
  "coding-agent-strict",
  "demo",
  "docs-writer",
  "infra-review",
  "local-ai-safety",
  "pr-writer",
  "readonly",
  "small-team-safe",
  "sql-explorer",
  "student-safe",
];

test("the packs people know by name are all there", () => {
  expect(createBuiltInPacks().names.toSorted()).toEqual(NAMES);
});

describe.each(NAMES)("%s", (name) => {
  const policy = compileRules(packPolicy(createBuiltInPacks().load(name)));
  const parsed = parsePolicyCases(readFileSync(join(PACKS, `${name}.cases.yaml`), "utf8"), `${name}.cases.yaml`);

  test("has at least thirty cases", () => {
    expect(parsed.kind === "cases" ? parsed.cases.length : parsed.errors).toBeGreaterThanOrEqual(30);
  });

  test("decides every case as said, and every rule decides one", () => {
    const report = runPolicyCases(policy, parsed.kind === "cases" ? parsed.cases : [], createActionDescriber());
    expect(report).toMatchObject({ failures: [], unexercised: [], defaultExercised: true });
  });
});

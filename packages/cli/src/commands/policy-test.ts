/** aegisctl policy test: runs the cases beside a policy through the matcher of enforcement, without a server. */
import { compileRules } from "@aegisflow/core/policy/compile-rules";
import { type CaseFailure, type CasesReport, runPolicyCases } from "@aegisflow/core/policy/policy-cases";
import { createActionDescriber } from "@aegisflow/effects";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { escapeInvisible } from "../output/terminal-text.ts";
import { defaultPolicyNames, openPolicy, type PolicySource } from "../policy-source.ts";

interface TestOptions {
  readonly strict?: true;
  readonly json?: true;
}

interface TestedPolicy extends CasesReport {
  readonly policy: string;
  readonly cases: number;
}

/** @param policy the `policy` command. */
export function addPolicyTest(policy: Command, io: CliIo): void {
  policy
    .command("test")
    .description("run the cases of packs or files; exit status 1 when one fails or there are none")
    .argument("[policies...]", "packs or files (default: ./policy-packs when it is there, else every built-in pack)")
    .option("--strict", "also fail when no case exercises a rule")
    .option("--json", "print JSON")
    .action((names: readonly string[], { strict, json }: TestOptions) => {
      const asked = names.length > 0 ? names : defaultPolicyNames(io);
      const tested = asked.map((name) => testPolicy(openPolicy(io, name)));
      if (!tested.every((each) => hasPassed(each, strict === true))) io.exit(1);
      if (json) return printJson(io, tested);
      for (const each of tested) io.stdout(escapeInvisible(renderTested(each)));
      io.stdout(renderSum(tested));
    });
}

function testPolicy({ name, policy, targets, cases }: PolicySource): TestedPolicy {
  const report = runPolicyCases(compileRules(policy), cases, createActionDescriber(targets));
  return { policy: name, cases: cases.length, ...report };
}

/** A test that tests nothing has not passed. */
function hasPassed({ failures, cases, unexercised }: TestedPolicy, strict: boolean): boolean {
  return cases > 0 && failures.length === 0 && !(strict && unexercised.length > 0);
}

function renderTested({ policy, cases, passed, failures, unexercised }: TestedPolicy): string {
  if (cases === 0) return `${policy}: no cases; write them into a file of the same name that ends in .cases.yaml\n`;
  const head = `${policy}: ${passed} of ${cases} cases pass\n`;
  const untested = unexercised.length === 0 ? "" : `  no case exercises: ${unexercised.join(", ")}\n`;
  return head + failures.map(renderFailure).join("") + untested;
}

function renderFailure({ source, action, expected, got, reason, trace }: CaseFailure): string {
  const lines = [`FAIL ${source}`, `  ${action}`, `  expected ${expected}, got ${got}`, `  ${reason}`];
  return [...lines, ...trace.map((line) => `    ${line}`)].map((line) => `  ${line}\n`).join("");
}

function renderSum(tested: readonly TestedPolicy[]): string {
  const failed = tested.reduce((sum, { failures }) => sum + failures.length, 0);
  const cases = tested.reduce((sum, each) => sum + each.cases, 0);
  if (cases === 0) return "";
  return failed === 0 ? `all ${cases} cases pass\n` : `${failed} of ${cases} cases fail\n`;
}

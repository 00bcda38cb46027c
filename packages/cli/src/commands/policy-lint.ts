/** aegisctl policy lint: rules that do not do what their author thinks, without a server. */
import { type LintFinding, lintPolicy } from "@aegisflow/core/policy/lint";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { escapeInvisible } from "../output/terminal-text.ts";
import { defaultPolicyNames, openPolicy } from "../policy-source.ts";

interface LintOptions {
  readonly strict?: true;
  readonly json?: true;
}

interface LintedPolicy {
  readonly policy: string;
  readonly rules: number;
  readonly findings: readonly LintFinding[];
}

/** @param policy the `policy` command. */
export function addPolicyLint(policy: Command, io: CliIo): void {
  policy
    .command("lint")
    .description("report rules that are unreachable, shadowed, redundant or too broad; exit status 1 on an error")
    .argument("[policies...]", "packs or files (default: ./policy-packs when it is there, else every built-in pack)")
    .option("--strict", "warnings are errors")
    .option("--json", "print JSON")
    .action((names: readonly string[], { strict, json }: LintOptions) => {
      const linted = (names.length > 0 ? names : defaultPolicyNames(io)).map((name) => lintNamed(io, name));
      const findings = linted.flatMap((each) => each.findings);
      if (findings.some(({ severity }) => strict === true || severity === "error")) io.exit(1);
      if (json) return printJson(io, linted);
      for (const each of linted) io.stdout(escapeInvisible(renderLinted(each)));
    });
}

function lintNamed(io: CliIo, name: string): LintedPolicy {
  const { name: policy, policy: effective } = openPolicy(io, name);
  return { policy, rules: effective.rules.length, findings: lintPolicy(effective) };
}

function renderLinted({ policy, rules, findings }: LintedPolicy): string {
  if (findings.length === 0) return `${policy}: ${rules} rules, nothing found\n`;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const head = `${policy}: ${rules} rules, errors: ${errors}, warnings: ${findings.length - errors}\n`;
  const lines = findings.map(({ severity, code, rule_id, source, message }) => {
    const where = source === undefined ? "" : `${source}: `;
    return `  ${where}${severity} ${code}: rule ${rule_id}: ${message}\n`;
  });
  return head + lines.join("");
}

/** aegisctl policy history, current, rollback: which policy is in force, which were, and going back to one. */
import type { PolicyVersion } from "@aegisflow/core/admin-api/governance-routes";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";
import { parseCount } from "../parse-option.ts";

const VERSIONS_DEFAULT = 50;

/** @param policy the `policy` command. */
export function addPolicyVersionCommands(policy: Command, io: CliIo): void {
  addHistory(policy, io);
  addCurrent(policy, io);
  addRollback(policy, io);
}

function addHistory(policy: Command, io: CliIo): void {
  policy
    .command("history")
    .description("list applied versions of the policy, newest first")
    .option("--limit <n>", "how many", parseCount, VERSIONS_DEFAULT)
    .option("--json", "print JSON")
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const versions = await connectAdmin(io).all("policyVersions.list", {}, (answer) => answer, limit);
      if (json) return printJson(io, versions);
      io.stdout(renderTable(["VERSION", "TIMESTAMP", "RULES", "DEFAULT", "SOURCE", "BY"], versions.map(toRow)));
    });
}

function toRow(version: PolicyVersion): string[] {
  return [
    `${version.version}${version.active ? " *" : ""}`,
    toShortTime(version.timestamp),
    String(version.rule_count),
    version.default_decision,
    version.source,
    version.by ?? "",
  ];
}

function addCurrent(policy: Command, io: CliIo): void {
  policy
    .command("current")
    .description("print the version in force with its rules, as JSON")
    .action(async () => printJson(io, await connectAdmin(io).call("policyVersions.current")));
}

function addRollback(policy: Command, io: CliIo): void {
  policy
    .command("rollback")
    .description("apply an old version again, as a new one; needs role admin")
    .argument("<version>", "number, from aegisctl policy history", parseCount)
    .option("--reason <text>", "why; goes into evidence", "")
    .option("--json", "print JSON")
    .action(async (version: number, { reason, json }: { reason: string; json?: true }) => {
      const params = { version: String(version) };
      const result = await connectAdmin(io).call("policyVersions.rollback", { params, body: { reason } });
      if (json) return printJson(io, result);
      io.stdout(`Rolled back to version ${result.rolled_back_to} (in force as version ${result.version})\n`);
    });
}

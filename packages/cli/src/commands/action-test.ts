/** aegisctl test-action: what would happen to this action? Recorded like a real one unless --dry-run; never run. */

import { CAPABILITIES, type Capability, PROTOCOLS, type Protocol } from "@aegisflow/core";
import type { TrialAction } from "@aegisflow/core/admin-api/governance-routes";
import { type Command, Option } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";
import { parseParams } from "../parse-option.ts";

interface TestOptions {
  readonly protocol: Protocol;
  readonly tool: string;
  readonly target: string;
  readonly capability?: Capability;
  readonly params: Record<string, unknown>;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addTestActionCommand(program: Command, io: CliIo): void {
  program
    .command("test-action")
    .description("show what an action would be decided to be; it is never run")
    .addOption(new Option("--protocol <name>", "how the action travels").choices([...PROTOCOLS]).makeOptionMandatory())
    .requiredOption("--tool <name>", "such as github.merge_pull_request or shell.rm")
    .requiredOption("--target <text>", "repository, path, command, URL …")
    .addOption(
      new Option("--capability <name>", "kind of power asked for (default: execute)").choices([...CAPABILITIES]),
    )
    .option("--params <params>", "key=value,… or a JSON object", parseParams, {})
    .option("--dry-run", "record nothing, ask nobody")
    .option("--json", "print JSON")
    .action((options: TestOptions) => (options.dryRun === true ? simulate(io, options) : testAction(io, options)));
}

const WORDS = { allow: "ALLOWED", review: "REVIEW REQUIRED", block: "BLOCKED" } as const;

async function testAction(io: CliIo, options: TestOptions): Promise<void> {
  const result = await connectAdmin(io).call("actions.test", { body: trialOf(options) });
  if (options.json) return printJson(io, result);
  io.stdout(
    renderFields([
      ["Decision", WORDS[result.decision]],
      ["Message", result.message],
      ["Rule", `${result.rule}: ${result.reason}`],
      ...(result.suggestion === undefined ? [] : [["Instead", result.suggestion] satisfies [string, string]]),
      ["Envelope ID", result.envelope_id],
      ["Evidence Hash", result.evidence_hash],
      ...(result.approval_id === undefined ? [] : [["Approval ID", result.approval_id] satisfies [string, string]]),
    ]),
  );
}

async function simulate(io: CliIo, options: TestOptions): Promise<void> {
  const result = await connectAdmin(io).call("actions.simulate", { body: trialOf(options) });
  if (options.json) return printJson(io, result);
  io.stdout(
    renderFields([
      ["Decision", WORDS[result.decision]],
      ["Rule", `${result.rule}: ${result.reason}`],
      ...(result.source === undefined ? [] : [["Stands at", result.source] satisfies [string, string]]),
      ...(result.suggestion === undefined ? [] : [["Instead", result.suggestion] satisfies [string, string]]),
      ...result.verdicts.map((verdict): [string, string] => [
        verdict.engine,
        `${verdict.decision} by ${verdict.rule}: ${verdict.reason}`,
      ]),
    ]),
  );
}

function trialOf({ protocol, tool, target, capability, params }: TestOptions): TrialAction {
  return { protocol, tool, target, params, ...(capability === undefined ? {} : { capability }) };
}

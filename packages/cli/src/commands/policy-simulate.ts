/**
 * aegisctl policy simulate: the decision an action would get and the rules that were tried, by the server in force or,
 * with --policy, offline. When the server fails this fails: another policy's answer would be worse than none.
 */
import { CAPABILITIES, type Capability, type DecisionKind, PROTOCOLS, type Protocol } from "@aegisflow/core";
import type { Simulation } from "@aegisflow/core/admin-api/governance-routes";
import { AegisError } from "@aegisflow/core/errors";
import { actionInputSchema, toDrafts } from "@aegisflow/core/policy/action-input";
import { compileRules } from "@aegisflow/core/policy/compile-rules";
import { strictestExplanation } from "@aegisflow/core/policy/explain-policy";
import { createActionDescriber } from "@aegisflow/effects";
import { type Command, Option } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { parseParams } from "../parse-option.ts";
import { openPolicy } from "../policy-source.ts";

interface SimulateOptions {
  readonly protocol: Protocol;
  readonly tool: string;
  readonly target?: string;
  readonly capability?: Capability;
  readonly args: Record<string, unknown>;
  readonly policy?: string;
  readonly json?: true;
}

/** @param parent `policy`, or the program for the old name. */
export function addPolicySimulate(parent: Command, io: CliIo): void {
  parent
    .command("simulate")
    .description("show the decision an action would get, and why; nothing is recorded or run")
    .addOption(new Option("--protocol <name>", "how the action travels").choices([...PROTOCOLS]).makeOptionMandatory())
    .requiredOption("--tool <name>", "such as github.merge_pull_request, shell.rm or shell.exec")
    .option("--target <text>", "repository, path, command line, URL … (default: the tool)")
    .addOption(new Option("--capability <name>", "default: what the gate would read").choices([...CAPABILITIES]))
    .option("--args <args>", "arguments of the call: key=value,… or a JSON object", parseParams, {})
    .option("--policy <policy>", "decide offline by this pack or file instead of asking the server")
    .option("--json", "print JSON")
    .action(async (options: SimulateOptions) => {
      const { policy } = options;
      const simulated = policy === undefined ? await askServer(io, options) : simulateOffline(io, options, policy);
      if (options.json) return printJson(io, simulated);
      io.stdout(renderSimulated(simulated));
    });
}

interface Simulated {
  /** Who decided. */
  readonly policy: string;
  readonly action: string;
  readonly decision: DecisionKind;
  readonly rule: string;
  readonly reason: string;
  readonly source?: string | undefined;
  readonly suggestion?: string | undefined;
  readonly trace: Pick<Simulation["trace"], "check_trace" | "rules_checked" | "matched_index">;
  readonly verdicts?: Simulation["verdicts"];
}

async function askServer(io: CliIo, options: SimulateOptions): Promise<Simulated> {
  const { protocol, tool, target = tool, capability, args } = options;
  const body = { protocol, tool, target, params: args, ...(capability === undefined ? {} : { capability }) };
  return { policy: "server", ...(await connectAdmin(io).call("actions.simulate", { body })) };
}

function simulateOffline(io: CliIo, options: SimulateOptions, name: string): Simulated {
  const { policy: _policy, json: _json, ...asked } = options;
  const input = actionInputSchema.safeParse(asked);
  if (!input.success) throw new AegisError("invalid-input", "the arguments are not plain JSON values; check --args");
  const { name: policy, policy: effective, targets } = openPolicy(io, name);
  const drafts = toDrafts(input.data, createActionDescriber(targets));
  const explained = strictestExplanation(compileRules(effective), drafts);
  const { decision, rule_id: rule, reason, source, suggestion } = explained;
  return {
    policy,
    action: options.tool,
    decision,
    rule,
    reason,
    ...(source === undefined ? {} : { source }),
    ...(suggestion === undefined ? {} : { suggestion }),
    trace: { ...explained, check_trace: explained.check_trace.map((check) => ({ ...check, rule: { ...check.rule } })) },
  };
}

const WORDS = { allow: "ALLOWED", review: "REVIEW REQUIRED", block: "BLOCKED" } as const;

function renderSimulated(simulated: Simulated): string {
  const { policy, action, decision, rule, reason, source, suggestion, trace, verdicts } = simulated;
  const { matched_index, rules_checked, check_trace } = trace;
  const fields: [string, string][] = [
    ["Decision", WORDS[decision]],
    ["Action", action],
    ["Policy", policy],
    ["Matched rule", matched_index < 0 ? rule : `#${matched_index} ${rule}`],
    ["Reason", reason],
    ...(source === undefined ? [] : [["Stands at", source] satisfies [string, string]]),
    ...(suggestion === undefined ? [] : [["Instead", suggestion] satisfies [string, string]]),
    ...(verdicts ?? []).map((verdict): [string, string] => [verdict.engine, `${verdict.decision} by ${verdict.rule}`]),
    ["Rules checked", String(rules_checked)],
  ];
  return `${renderFields(fields)}Trace:\n${check_trace.map(renderCheck).join("")}`;
}

function renderCheck({
  matched,
  rule_index,
  rule_id,
  fail_reason,
}: Simulation["trace"]["check_trace"][number]): string {
  const why = fail_reason === undefined ? "" : `: ${fail_reason}`;
  return `  ${matched ? "HIT " : "MISS"} #${rule_index} ${toOneLine(rule_id)}${why}\n`;
}

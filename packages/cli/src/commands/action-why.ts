/** aegisctl why: why a recent action was decided as it was, as the server remembers it. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";

export function addWhyCommand(program: Command, io: CliIo): void {
  program
    .command("why")
    .description("show why a recent action was decided as it was")
    .argument("<id>", "envelope id, as error.data.envelope_id gives it to the agent")
    .option("--json", "print JSON")
    .action(async (id: string, { json }: { json?: true }) => {
      const why = await connectAdmin(io).call("actions.why", { params: { id } });
      if (json) return printJson(io, why);
      const { decision } = why;
      io.stdout(
        renderFields([
          ["Action", `${why.tool} on ${why.target} at ${toShortTime(why.timestamp)}`],
          ["Decision", `${decision.decision} by ${decision.engine}, rule ${decision.rule}`],
          ["Reason", decision.reason],
          ...(decision.source === undefined ? [] : [["Stands at", decision.source] satisfies [string, string]]),
          ...(decision.suggestion === undefined ? [] : [["Instead", decision.suggestion] satisfies [string, string]]),
          ...decision.trace.map((verdict): [string, string] => [
            verdict.engine,
            `${verdict.decision} by ${verdict.rule}: ${verdict.reason}`,
          ]),
          ["Policy", `version ${decision.policy_version}, ${decision.policy_hash}`],
          ...(why.outcome === undefined ? [] : [["Outcome", why.outcome] satisfies [string, string]]),
          ...(why.evidence_hash === undefined ? [] : [["Evidence Hash", why.evidence_hash] satisfies [string, string]]),
        ]),
      );
    });
}

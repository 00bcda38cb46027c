/** aegisctl approvals: what was decided before, and one approval in full. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { renderApproval } from "../output/approval.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";
import { parseCount } from "../parse-option.ts";

const HISTORY_DEFAULT = 50;

export function addApprovalsCommands(program: Command, io: CliIo): void {
  const approvals = program.command("approvals").description("look at settled approvals");
  addHistory(approvals, io);
  addShow(approvals, io);
  addCancel(approvals, io);
}

function addHistory(approvals: Command, io: CliIo): void {
  approvals
    .command("history")
    .description("list approvals that no longer wait, newest first")
    .option("--limit <n>", "how many", parseCount, HISTORY_DEFAULT)
    .option("--json", "print JSON")
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const history = await connectAdmin(io).all("approvals.history", {}, (answer) => answer.history, limit);
      if (json) return printJson(io, history);
      const rows = history.map((item) => [
        item.id,
        item.status,
        item.envelope.tool,
        item.envelope.target,
        item.requester,
        item.reviewer ?? "",
        toShortTime(item.reviewed_at ?? item.submitted_at),
        item.review_comment ?? "",
      ]);
      io.stdout(renderTable(["ID", "STATUS", "TOOL", "TARGET", "ASKED BY", "REVIEWER", "WHEN", "COMMENT"], rows));
    });
}

function addShow(approvals: Command, io: CliIo): void {
  approvals
    .command("show")
    .description("show one approval with its whole arguments")
    .argument("<id>")
    .option("--json", "print JSON")
    .action(async (id: string, { json }: { json?: true }) => {
      const item = await connectAdmin(io).call("approvals.get", { params: { id } });
      if (json) return printJson(io, item);
      io.stdout(renderApproval(item, { nowMs: Date.now(), argumentCharsMax: Number.POSITIVE_INFINITY }));
    });
}

function addCancel(approvals: Command, io: CliIo): void {
  approvals
    .command("cancel")
    .description("withdraw a request that waits: one's own, or as an operator any")
    .argument("<id>")
    .option("--comment <text>", "comment", "")
    .option("--json", "print JSON")
    .action(async (id: string, { comment, json }: { comment: string; json?: true }) => {
      const item = await connectAdmin(io).call("approvals.cancel", { params: { id }, body: { comment } });
      if (json) return printJson(io, item);
      io.stdout(`Cancelled: ${item.id}\n`);
    });
}

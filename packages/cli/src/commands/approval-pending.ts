/** aegisctl pending: what waits for a person, with the exact arguments. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { renderApproval } from "../output/approval.ts";
import { printJson } from "../output/json.ts";

/** A person reads a screen, a script reads all that a queue can hold. */
const ITEMS_MAX = 100_000;
const SHOWN_MAX = 50;
const ARGUMENT_CHARS_MAX = 4_000;

export function addPendingCommand(program: Command, io: CliIo): void {
  program
    .command("pending")
    .description("list the actions that wait for a person, newest first")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const admin = connectAdmin(io);
      const pending = await admin.all(
        "approvals.list",
        {},
        (answer) => answer.pending,
        json ? ITEMS_MAX : SHOWN_MAX + 1,
      );
      if (json) return printJson(io, pending);
      if (pending.length === 0) return io.stdout("Nothing waits for a person.\n");
      const options = { nowMs: Date.now(), argumentCharsMax: ARGUMENT_CHARS_MAX };
      io.stdout(
        pending
          .slice(0, SHOWN_MAX)
          .map((item) => renderApproval(item, options))
          .join("\n"),
      );
      io.stdout(pending.length > SHOWN_MAX ? `\n… and more; --json lists all of them.\n` : NEXT_STEP);
    });
}

const NEXT_STEP = "\nDecide with: aegisctl approve ID --comment TEXT, or aegisctl deny ID --comment TEXT\n";

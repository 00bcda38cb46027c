/** aegisctl evidence sessions: which sessions there are, and what was decided in them. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";
import { parseCount } from "../parse-option.ts";

const SESSIONS_DEFAULT = 200;

export function addEvidenceSessions(evidence: Command, io: CliIo): void {
  evidence
    .command("sessions")
    .description("list sessions, newest first")
    .option("--tenant <id>", "only this tenant's")
    .option("--limit <n>", "how many", parseCount, SESSIONS_DEFAULT)
    .option("--json", "print JSON")
    .action(async ({ tenant, limit, json }: { tenant?: string; limit: number; json?: true }) => {
      const query = tenant === undefined ? {} : { tenant };
      const sessions = await connectAdmin(io).all("evidence.sessions", { query }, (answer) => answer, limit);
      if (json) return printJson(io, sessions);
      const rows = sessions.map((session) => [
        session.session_id,
        session.tenant,
        String(session.total_actions),
        `${session.allowed}/${session.reviewed}/${session.blocked}`,
        session.chain_valid ? "yes" : "NO",
        toShortTime(session.started_at),
        session.last_hash.slice(0, 16),
      ]);
      io.stdout(
        renderTable(["SESSION ID", "TENANT", "ACTIONS", "ALLOW/REVIEW/BLOCK", "VALID", "STARTED", "LAST HASH"], rows),
      );
    });
}

/** aegisctl evidence export: one session's bundle, as the server made it, in a file of the user's own. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { writePrivateFile } from "../output/write-file.ts";

interface ExportOptions {
  readonly file?: string;
  readonly tenant?: string;
  readonly force?: true;
  readonly json?: true;
}

export function addEvidenceExport(evidence: Command, io: CliIo): void {
  evidence
    .command("export")
    .description("write a session's bundle to a file, for offline verification")
    .argument("<session>", "session id, from aegisctl evidence sessions")
    .option("--file <file>", "file to write, - for standard output (default SESSION.aegis)")
    .option("--tenant <id>", "whose session (default: one's own tenant)")
    .option("--force", "write over a file that exists")
    .option("--json", "print JSON about what was written")
    .action(async (session: string, options: ExportOptions) => {
      const query = options.tenant === undefined ? {} : { tenant: options.tenant };
      const bundle = await connectAdmin(io).download("evidence.export", { params: { sid: session }, query });
      const file = options.file ?? `${session.replace(/[^A-Za-z0-9._-]/g, "_")}.aegis`;
      writePrivateFile(io, bundle, { file, force: options.force === true });
      if (file === "-") return;
      if (options.json) return printJson(io, { session, file, bytes: bundle.length });
      io.stdout(`${toOneLine(`Exported session ${session} to ${file} (${bundle.length} bytes)`)}\n`);
    });
}

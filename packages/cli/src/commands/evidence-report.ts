/** aegisctl evidence report: a session as a manager reads it. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { writePrivateFile } from "../output/write-file.ts";

interface ReportOptions {
  readonly html?: true;
  readonly file: string;
  readonly tenant?: string;
  readonly force?: true;
}

export function addEvidenceReport(evidence: Command, io: CliIo): void {
  evidence
    .command("report")
    .description("print a session's report as Markdown or HTML")
    .argument("<session>", "session id, from aegisctl evidence sessions")
    .option("--html", "HTML instead of Markdown")
    .option("--file <file>", "file to write, - for standard output", "-")
    .option("--tenant <id>", "whose session (default: one's own tenant)")
    .option("--force", "write over a file that exists")
    .action(async (session: string, options: ReportOptions) => {
      const route = options.html === true ? "evidence.reportHtml" : "evidence.report";
      const query = options.tenant === undefined ? {} : { tenant: options.tenant };
      const report = await connectAdmin(io).download(route, { params: { sid: session }, query });
      writePrivateFile(io, report, { file: options.file, force: options.force === true });
      if (options.file !== "-") io.stdout(`${toOneLine(`Report of ${session} is in ${options.file}`)}\n`);
    });
}

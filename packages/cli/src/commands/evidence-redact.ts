/**
 * aegisctl evidence redact: destroys disclosed values for good; the chain keeps verifying and says so. It takes two
 * administrators: the first request is recorded and refused, a second person repeats it.
 */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";
import { parseList } from "../parse-option.ts";

interface RedactOptions {
  readonly leaf: string;
  readonly fields: string[];
  readonly basis: string;
  readonly tenant?: string;
  readonly json?: true;
}

export function addEvidenceRedact(evidence: Command, io: CliIo): void {
  evidence
    .command("redact")
    .description("destroy disclosed values of one record for good; takes two administrators")
    .argument("<session>", "session id")
    .requiredOption("--leaf <hash>", "leaf hash of the record, 64 hex; aegisctl evidence records shows it")
    .requiredOption("--fields <names>", "fields to destroy, with commas: args,target", parseList)
    .requiredOption("--basis <text>", "why, in one word such as gdpr-17; it stands readable in evidence")
    .option("--tenant <id>", "whose session (default: one's own tenant)")
    .option("--json", "print JSON")
    .action(async (session: string, { leaf, fields, basis, tenant, json }: RedactOptions) => {
      const body = { leaf, fields, basis, ...(tenant === undefined ? {} : { tenant }) };
      const done = await connectAdmin(io).call("evidence.redact", { params: { sid: session }, body });
      if (json) return printJson(io, done);
      io.stdout(
        renderFields([
          ["Redacted", done.redacted.length === 0 ? "nothing, it was gone before" : done.redacted.join(", ")],
          ["Record", done.record],
        ]),
      );
    });
}

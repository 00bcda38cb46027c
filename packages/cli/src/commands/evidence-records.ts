/**
 * aegisctl evidence records: a session record by record, with the leaf hashes that redactions and questions name.
 * Reads a bundle file, or asks the server for the session's bundle; it shows, it does not verify.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ParsedRecord, parseBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";

interface RecordsOptions {
  readonly tenant?: string;
  readonly json?: true;
}

export function addEvidenceRecords(evidence: Command, io: CliIo): void {
  evidence
    .command("records")
    .description("list the records of a session, with leaf hashes and what is disclosed of each")
    .argument("<session>", "session id, or a bundle file")
    .option("--tenant <id>", "whose session (default: one's own tenant)")
    .option("--json", "print JSON")
    .action(async (session: string, { tenant, json }: RecordsOptions) => {
      const { records } = parseBundle(nodeCrypto, await bundleOf(io, session, tenant));
      if (json) return printJson(io, records.map(toView));
      io.stdout(renderTable(["SEQ", "TIME", "KIND", "WHAT", "FIELDS", "LEAF"], records.map(toRow)));
    });
}

async function bundleOf(io: CliIo, session: string, tenant: string | undefined): Promise<Uint8Array> {
  const file = resolve(io.cwd, session);
  if (existsSync(file)) return readFileSync(file);
  const query = tenant === undefined ? {} : { tenant };
  return connectAdmin(io).download("evidence.export", { params: { sid: session }, query });
}

interface RecordView {
  readonly seq: number;
  readonly time: string;
  readonly kind: string;
  readonly what: Readonly<Record<string, string>>;
  /** Committed fields; those that the bundle does not show are withheld or redacted. */
  readonly disclosed: readonly string[];
  readonly undisclosed: readonly string[];
  readonly leaf: string;
}

function toView({ header, leaf, disclosures }: ParsedRecord): RecordView {
  const fields = Object.keys(header.cm);
  return {
    seq: header.seq,
    time: header.ts,
    kind: header.kind,
    what: header.p,
    disclosed: fields.filter((field) => Object.hasOwn(disclosures, field)),
    undisclosed: fields.filter((field) => !Object.hasOwn(disclosures, field)),
    leaf,
  };
}

function toRow(record: ParsedRecord): string[] {
  const { seq, time, kind, what, disclosed, undisclosed, leaf } = toView(record);
  const words = ["effect", "status", "tool", "rule"].flatMap((key) => what[key] ?? []);
  const fields = [...disclosed, ...undisclosed.map((field) => `(${field})`)];
  return [String(seq), toShortTime(time), kind, words.join(" "), fields.join(" "), leaf];
}

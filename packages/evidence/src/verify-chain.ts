/**
 * The session's chain: every record follows the one before it, from `session.open` on, nothing stands after
 * `session.close`, and within one run of the writer its clocks never go back.
 */
import type { ParsedRecord } from "./bundle-lines.ts";
import type { ParsedBundle } from "./bundle-parse.ts";
import type { Findings } from "./findings.ts";
import { NO_PREDECESSOR } from "./record.ts";
import { KNOWN_KINDS } from "./record-header.ts";

export function verifyChain(findings: Findings, bundle: ParsedBundle): void {
  const { manifest, records, context, checkpoint } = bundle;
  if (!bundle.intact) findings.fail("consistent", "the end digest does not match: the file was damaged or edited");
  let previous: ParsedRecord | undefined;
  for (const record of records) {
    verifyLink(findings, record, previous);
    const { tenant, sid } = record.header;
    if (tenant !== manifest.tenant || sid !== manifest.sid)
      findings.fail("consistent", `#${record.header.seq} belongs to another session`);
    previous = record;
  }
  const all = [...records, ...context];
  if (all.some(({ header }) => header.log !== manifest.log) || checkpoint.origin !== manifest.log) {
    findings.fail("consistent", "records and checkpoint are of different logs");
  }
  if (new Set(all.map(({ leaf }) => leaf)).size !== all.length) findings.fail("consistent", "a record stands twice");
  const unknown = all.filter(({ header }) => !KNOWN_KINDS.has(header.kind)).length;
  if (unknown > 0)
    findings.note(
      `${unknown} records are of kinds this verifier does not know; their place was verified, not their meaning`,
    );
}

function verifyLink(findings: Findings, { header }: ParsedRecord, previous: ParsedRecord | undefined): void {
  const expected =
    previous === undefined ? { seq: 0, prev: NO_PREDECESSOR } : { seq: previous.header.seq + 1, prev: previous.leaf };
  if (header.seq !== expected.seq)
    findings.fail("consistent", `#${header.seq} stands where #${expected.seq} is expected`);
  if (header.prev !== expected.prev) findings.fail("consistent", `#${header.seq} does not follow the record before it`);
  if (previous === undefined) return;
  if (previous.header.kind === "session.close")
    findings.fail("consistent", `#${header.seq} stands after the end of the session`);
  verifyClocks(findings, header, previous.header);
}

function verifyClocks(findings: Findings, header: ParsedRecord["header"], previous: ParsedRecord["header"]): void {
  const wentBack = header.ts < previous.ts;
  if (header.boot !== previous.boot) {
    if (wentBack) findings.note(`the clock went back before #${header.seq}, across a restart`);
    return;
  }
  // Decimal strings: compared by value, beyond 2^53.
  if (wentBack || BigInt(header.mono) < BigInt(previous.mono))
    findings.fail("consistent", `#${header.seq} is earlier than the record before it`);
}

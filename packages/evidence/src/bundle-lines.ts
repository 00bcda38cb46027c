/** The lines of a bundle, one reader each: exactly these fields, of exactly these shapes. */
import { BODY_DEPTH_MAX, BUNDLE_FORMAT, type BundleHeads, type BundleProof } from "./bundle.ts";
import {
  asFields,
  assertExactly,
  type Fields,
  malformed,
  readCount,
  readHash,
  readHashes,
  readText,
} from "./bundle-fields.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Disclosures } from "./commitment.ts";
import type { HashPort } from "./crypto-port.ts";
import { EvidenceError } from "./evidence-error.ts";
import { assertedHeader, RECORD_DEPTH_MAX, recordLeaf } from "./record.ts";
import type { RecordHeader } from "./record-header.ts";
import { parseNote, type SignedNote } from "./signed-note.ts";
import type { CanonicalInput } from "./strict-json.ts";

export interface ParsedRecord {
  readonly header: RecordHeader;
  /** Leaf hash over the stored header bytes. */
  readonly leaf: string;
  readonly disclosures: Disclosures;
}

export interface BundleManifest {
  readonly log: string;
  readonly tenant: string;
  readonly sid: string;
  readonly records: number;
  readonly context: number;
  readonly proofs: number;
  /** Leaf hashes of the decisions that were open at export, in order. */
  readonly open: readonly string[];
}

export function readRecord(hash: HashPort, fields: Fields, line: string): ParsedRecord {
  assertExactly(fields, ["disclosures", "header", "type"]);
  const headerText = canonicalJson(fields.header ?? null, { numbers: "safe-integers", depthMax: RECORD_DEPTH_MAX });
  const body = canonicalJson(fields.disclosures ?? null, { numbers: "strict-json", depthMax: BODY_DEPTH_MAX });
  if (`{"disclosures":${body},"header":${headerText},"type":"${readText(fields, "type")}"}` !== line) {
    throw new EvidenceError("not-canonical", "not canonical JSON");
  }
  // The text equals its slice of the line, so the hash below is over the stored bytes.
  const header = assertedHeader(headerText, fields.header ?? null);
  return { header, leaf: recordLeaf(hash, headerText), disclosures: readDisclosures(fields) };
}

function readDisclosures(fields: Fields): Disclosures {
  const disclosures: Record<string, readonly [string, CanonicalInput]> = {};
  for (const [field, pair] of Object.entries(asFields(fields.disclosures))) {
    const [salt, value, ...more] = Array.isArray(pair) ? pair : [];
    if (typeof salt !== "string" || value === undefined || more.length > 0)
      throw malformed("a disclosure is a pair of salt and value");
    disclosures[field] = [salt, value];
  }
  return disclosures;
}

export function readManifest(fields: Fields): BundleManifest {
  assertExactly(fields, ["context", "format", "log", "open", "proofs", "records", "sid", "tenant", "type"]);
  if (fields.format !== BUNDLE_FORMAT) throw malformed(`not a bundle of format ${BUNDLE_FORMAT}`);
  const [log, tenant, sid] = [readText(fields, "log"), readText(fields, "tenant"), readText(fields, "sid")];
  const counts = {
    records: readCount(fields, "records"),
    context: readCount(fields, "context"),
    proofs: readCount(fields, "proofs"),
  };
  return { log, tenant, sid, ...counts, open: readHashes(fields, "open") };
}

export function readProof(fields: Fields): BundleProof {
  assertExactly(fields, ["index", "leaf", "path", "type"]);
  return { leaf: readHash(fields, "leaf"), index: readCount(fields, "index"), path: readHashes(fields, "path") };
}

export function readHeads(fields: Fields): BundleHeads {
  assertExactly(fields, ["entry", "index", "path", "record", "size", "type"]);
  const entry = asFields(fields.entry);
  assertExactly(entry, ["leaf", "seq", "sid", "state", "tenant"]);
  const { state } = entry;
  if (state !== "open" && state !== "closed") throw malformed("a session is open or closed");
  const session = {
    tenant: readText(entry, "tenant"),
    sid: readText(entry, "sid"),
    seq: readCount(entry, "seq"),
    leaf: readHash(entry, "leaf"),
  };
  return {
    record: readHash(fields, "record"),
    entry: { ...session, state },
    index: readCount(fields, "index"),
    size: readCount(fields, "size"),
    path: readHashes(fields, "path"),
  };
}

export function readCheckpointNote(fields: Fields): SignedNote {
  assertExactly(fields, ["note", "type"]);
  return parseNote(readText(fields, "note"));
}

export function readSuggestedPolicy(fields: Fields): string {
  assertExactly(fields, ["text", "type"]);
  return readText(fields, "text");
}

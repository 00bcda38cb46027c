/**
 * Reads a bundle strictly: limits, UTF-8, line order, canonical JSON to the byte, exact fields, end digest. What it
 * returns is well-formed, not yet true.
 */
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
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import type { Disclosures } from "./commitment.ts";
import type { HashPort } from "./crypto-port.ts";
import { utf8Decode } from "./encoding.ts";
import { EvidenceError, errorMessage } from "./evidence-error.ts";
import { assertedHeader, RECORD_DEPTH_MAX, recordLeaf } from "./record.ts";
import type { RecordHeader } from "./record-header.ts";
import { parseNote, type SignedNote } from "./signed-note.ts";
import { type CanonicalInput, parseStrictJson } from "./strict-json.ts";

export interface BundleLimits {
  readonly bytesMax: number;
  readonly lineBytesMax: number;
  readonly linesMax: number;
}

/** A bundle is read into memory whole: a session of a million actions fits, a disk image does not. */
export const BUNDLE_LIMITS: BundleLimits = {
  bytesMax: 256 * 1024 * 1024,
  lineBytesMax: 16 * 1024 * 1024,
  linesMax: 2_000_000,
};

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

export interface ParsedBundle {
  readonly manifest: BundleManifest;
  readonly records: readonly ParsedRecord[];
  readonly context: readonly ParsedRecord[];
  readonly proofs: readonly BundleProof[];
  readonly heads: BundleHeads | undefined;
  readonly checkpoint: Checkpoint;
  readonly note: SignedNote;
  readonly suggestedPolicy: string | undefined;
  /** False when the end digest does not match: the file was damaged or edited. */
  readonly intact: boolean;
}

/** @throws EvidenceError naming the line. */
export function parseBundle(hash: HashPort, bytes: Uint8Array, limits: BundleLimits = BUNDLE_LIMITS): ParsedBundle {
  if (bytes.length > limits.bytesMax)
    throw new EvidenceError("limit-exceeded", `bundle is longer than ${limits.bytesMax} bytes`);
  const text = utf8Decode(bytes);
  const draft = emptyDraft();
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    number++;
    if (number > limits.linesMax)
      throw new EvidenceError("limit-exceeded", `bundle has more than ${limits.linesMax} lines`);
    if (end < 0) throw malformed(`line ${number} does not end in a newline`);
    readNumberedLine(hash, draft, text.slice(at, end), { bytes, number, limits });
    at = end + 1;
  }
  return finish(draft);
}

interface Draft {
  rank: number;
  manifest: BundleManifest | undefined;
  readonly records: ParsedRecord[];
  readonly context: ParsedRecord[];
  readonly proofs: BundleProof[];
  heads: BundleHeads | undefined;
  note: SignedNote | undefined;
  suggestedPolicy: string | undefined;
  /** Undefined until the end line. */
  intact: boolean | undefined;
}

function emptyDraft(): Draft {
  const lists = { records: [], context: [], proofs: [] };
  return {
    ...lists,
    rank: -1,
    manifest: undefined,
    heads: undefined,
    note: undefined,
    suggestedPolicy: undefined,
    intact: undefined,
  };
}

function finish(draft: Draft): ParsedBundle {
  const { manifest, records, context, proofs, heads, note, suggestedPolicy, intact } = draft;
  if (manifest === undefined || note === undefined || records.length === 0 || intact === undefined) {
    throw malformed("bundle is cut: manifest, records, checkpoint or end is missing");
  }
  const counted = [records.length, context.length, proofs.length];
  if (counted.join() !== [manifest.records, manifest.context, manifest.proofs].join()) {
    throw malformed("bundle does not hold what its manifest counts");
  }
  const checkpoint = parseCheckpoint(note.text);
  return { manifest, records, context, proofs, heads, checkpoint, note, suggestedPolicy, intact };
}

interface LineAt {
  /** Of the whole bundle. */
  readonly bytes: Uint8Array;
  readonly number: number;
  readonly limits: BundleLimits;
}

function readNumberedLine(hash: HashPort, draft: Draft, line: string, place: LineAt): void {
  try {
    const value = parseStrictJson(line, { depthMax: BODY_DEPTH_MAX + 1, bytesMax: place.limits.lineBytesMax });
    const fields = asFields(value);
    const type = readText(fields, "type");
    const rank = LINE_TYPES.indexOf(type);
    const repeats = type === "record" || type === "context" || type === "proof";
    if (rank < 0 || rank < draft.rank || (rank === draft.rank && !repeats) || (draft.rank < 0 && rank > 0)) {
      throw malformed("this line cannot stand here");
    }
    draft.rank = rank;
    if (type === "record" || type === "context")
      draft[type === "record" ? "records" : "context"].push(readRecord(hash, fields, line));
    else if (canonicalJson(value, { numbers: "safe-integers" }) !== line)
      throw new EvidenceError("not-canonical", "not canonical JSON");
    else if (type === "end") readEnd(hash, draft, fields, { ...place, line });
    else readOther(draft, type, fields);
  } catch (error) {
    const code = error instanceof EvidenceError ? error.code : "malformed";
    throw new EvidenceError(code, `bundle line ${place.number}: ${errorMessage(error)}`);
  }
}

/** In the order in which they stand. */
const LINE_TYPES: readonly string[] = [
  "manifest",
  "record",
  "context",
  "proof",
  "heads",
  "checkpoint",
  "policy",
  "end",
];

function readRecord(hash: HashPort, fields: Fields, line: string): ParsedRecord {
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

function readOther(draft: Draft, type: string, fields: Fields): void {
  if (type === "manifest") draft.manifest = readManifest(fields);
  else if (type === "proof") draft.proofs.push(readProof(fields));
  else if (type === "heads") draft.heads = readHeads(fields);
  else if (type === "checkpoint") draft.note = readCheckpointNote(fields);
  else draft.suggestedPolicy = readSuggestedPolicy(fields);
}

function readManifest(fields: Fields): BundleManifest {
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

function readProof(fields: Fields): BundleProof {
  assertExactly(fields, ["index", "leaf", "path", "type"]);
  return { leaf: readHash(fields, "leaf"), index: readCount(fields, "index"), path: readHashes(fields, "path") };
}

function readHeads(fields: Fields): BundleHeads {
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

function readCheckpointNote(fields: Fields): SignedNote {
  assertExactly(fields, ["note", "type"]);
  return parseNote(readText(fields, "note"));
}

function readSuggestedPolicy(fields: Fields): string {
  assertExactly(fields, ["text", "type"]);
  return readText(fields, "text");
}

/** NOTE: the end line is ASCII and stands last, or the bundle is refused anyway; so the rest is what it digests. */
function readEnd(hash: HashPort, draft: Draft, fields: Fields, place: LineAt & { readonly line: string }): void {
  assertExactly(fields, ["lines", "sha256", "type"]);
  const before = place.bytes.subarray(0, place.bytes.length - place.line.length - 1);
  draft.intact = fields.lines === place.number - 1 && fields.sha256 === hash.sha256Hex(before);
}

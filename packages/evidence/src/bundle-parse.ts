/**
 * Reads a bundle strictly: limits, UTF-8, line order, canonical JSON to the byte, exact fields, end digest. What it
 * returns is well-formed, not yet true.
 */
import { BODY_DEPTH_MAX, type BundleHeads, type BundleProof } from "./bundle.ts";
import { asFields, assertExactly, type Fields, malformed, readText } from "./bundle-fields.ts";
import {
  type BundleManifest,
  type ParsedRecord,
  readCheckpointNote,
  readHeads,
  readManifest,
  readProof,
  readRecord,
  readSuggestedPolicy,
} from "./bundle-lines.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import type { HashPort } from "./crypto-port.ts";
import { utf8Decode } from "./encoding.ts";
import { EvidenceError, errorMessage } from "./evidence-error.ts";
import type { SignedNote } from "./signed-note.ts";
import { parseStrictJson } from "./strict-json.ts";

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

function readOther(draft: Draft, type: string, fields: Fields): void {
  if (type === "manifest") draft.manifest = readManifest(fields);
  else if (type === "proof") draft.proofs.push(readProof(fields));
  else if (type === "heads") draft.heads = readHeads(fields);
  else if (type === "checkpoint") draft.note = readCheckpointNote(fields);
  else draft.suggestedPolicy = readSuggestedPolicy(fields);
}

/** NOTE: the end line is ASCII and stands last, or the bundle is refused anyway; so the rest is what it digests. */
function readEnd(hash: HashPort, draft: Draft, fields: Fields, place: LineAt & { readonly line: string }): void {
  assertExactly(fields, ["lines", "sha256", "type"]);
  const before = place.bytes.subarray(0, place.bytes.length - place.line.length - 1);
  draft.intact = fields.lines === place.number - 1 && fields.sha256 === hash.sha256Hex(before);
}

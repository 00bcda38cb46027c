/**
 * A record of the evidence log, AEL/1. The header is canonical JSON without personal data; its RFC 6962 leaf hash is
 * both its place in the global tree and the `prev` of the next record of its session. What may identify people or is
 * easy to guess stands in the body, and only salted commitments to it (`cm`) stand in the header, so that a body can
 * be erased while every hash keeps verifying.
 */
import { canonicalJson } from "./canonical-json.ts";
import { commitWithSalt, type Disclosures, SALT_BYTES } from "./commitment.ts";
import type { HashPort } from "./crypto-port.ts";
import { toBase64url, utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { assertFieldName, assertHeader, type RecordHeader } from "./record-header.ts";
import { type CanonicalInput, parseStrictJson } from "./strict-json.ts";

/** `prev` of the first record of a session. */
export const NO_PREDECESSOR = "0".repeat(64);
/** Fits a tlog-tiles entry (65 535) twice over; headers carry digests and words only. */
export const HEADER_BYTES_MAX = 32 * 1024;
export const RECORD_DEPTH_MAX = 16;

/** What the log knows when it appends; everything of the header but the commitments and the version. */
export type RecordDraft = Omit<RecordHeader, "cm" | "v">;

export interface BuiltRecord {
  /** Canonical text of the header: exactly these UTF-8 bytes are hashed and stored. */
  readonly header: string;
  /** Leaf hash, 64 hex. */
  readonly leaf: string;
  /** Beside the header, erasable: salt (base64url) and value of each committed field. */
  readonly body: Disclosures;
}

/**
 * Makes a record: fresh salts, commitments, canonical header, leaf hash.
 * @throws EvidenceError `malformed`, `not-canonical` or `limit-exceeded` when the draft cannot be a record.
 */
export function buildRecord(
  hash: HashPort,
  draft: RecordDraft,
  disclosures: Readonly<Record<string, CanonicalInput>>,
  randomBytes: (count: number) => Uint8Array,
): BuiltRecord {
  const cm: Record<string, string> = {};
  const body: Record<string, readonly [string, CanonicalInput]> = {};
  for (const [field, value] of Object.entries(disclosures)) {
    assertFieldName(field);
    const salt = randomBytes(SALT_BYTES);
    cm[field] = commitWithSalt(hash, salt, field, value);
    body[field] = [toBase64url(salt), value];
  }
  const header: RecordHeader = { ...draft, cm, v: 1 };
  assertHeader(header);
  const text = canonicalJson({ ...header }, { numbers: "safe-integers", depthMax: RECORD_DEPTH_MAX });
  assertHeaderSize(text);
  return { header: text, leaf: recordLeaf(hash, text), body };
}

/** RFC 6962 leaf hash of a header's text, 64 hex. */
export function recordLeaf(hash: HashPort, headerText: string): string {
  // The character U+0000 is the byte 0x00: the leaf prefix.
  return hash.sha256Hex(`\u0000${headerText}`);
}

/**
 * Reads a header's text: strict JSON, canonical to the byte, of the shape of a record.
 * @throws EvidenceError for anything else.
 */
export function parseRecordHeader(text: string): RecordHeader {
  assertHeaderSize(text);
  const value = parseStrictJson(text, { depthMax: RECORD_DEPTH_MAX });
  if (canonicalJson(value, { numbers: "safe-integers" }) !== text) {
    throw new EvidenceError("not-canonical", "record header is not canonical JSON");
  }
  return assertedHeader(text, value);
}

/**
 * The same for a value that is parsed already and whose canonical text is at hand.
 * @throws EvidenceError when the value has not the shape of a header or its text is too long.
 */
export function assertedHeader(canonicalText: string, value: CanonicalInput): RecordHeader {
  assertHeaderSize(canonicalText);
  assertHeader(value);
  return value;
}

function assertHeaderSize(text: string): void {
  if (
    text.length > HEADER_BYTES_MAX ||
    (text.length * 3 > HEADER_BYTES_MAX && utf8Encode(text).length > HEADER_BYTES_MAX)
  ) {
    throw new EvidenceError("limit-exceeded", `record header is longer than ${HEADER_BYTES_MAX} bytes`);
  }
}

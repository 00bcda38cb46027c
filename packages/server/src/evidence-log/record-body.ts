/**
 * The body of a record: salt and value of each committed field, in the order of the names in `cm`. On disk it is
 * `nonce 12 B | AES-256-GCM of the plain body under the record's key | tag 16 B`; the plain body is
 * `text length u32 per field | salt 16 B per field | JSON texts`. A field that was erased has the length `ABSENT`.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type CanonicalInput, type Disclosures, parseStrictJson, SALT_BYTES } from "@aegisflow/evidence";
import { type KeySet, keptBody, recordKey } from "./key-tree.ts";
import { asBuffer } from "./segment-format.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const ABSENT = 0xffffffff;

/** A committed field on its way into a record; its salt stands in `BodyDraft.random`. */
export interface FieldText {
  readonly name: string;
  /** Canonical JSON of the value. */
  readonly text: string;
  /** Of the text in UTF-8; equal to its length for ASCII. */
  readonly textBytes: number;
}

/** A body before it is sealed. */
export interface BodyDraft {
  /** In the order of the names. */
  readonly fields: readonly FieldText[];
  /** The salts of the fields, then the nonce: `randomBytesOf` many. */
  readonly random: Uint8Array;
}

/** Random bytes that a record with this many fields needs. */
export function randomBytesOf(fields: number): number {
  return fields * SALT_BYTES + NONCE_BYTES;
}

/** Bytes of the stored body of these fields; none without fields. */
export function bodyBytesOf(fields: readonly FieldText[]): number {
  if (fields.length === 0) return 0;
  let bytes = NONCE_BYTES + fields.length * (LENGTH_BYTES + SALT_BYTES) + TAG_BYTES;
  for (const { textBytes } of fields) bytes += textBytes;
  return bytes;
}

/** Lays out a body in the clear, with room for the tag; `into` has exactly its length. `sealBody` comes before the disk. */
export function writeBody(into: Buffer, { fields, random }: BodyDraft): void {
  const saltBytes = fields.length * SALT_BYTES;
  into.set(random.subarray(saltBytes));
  let at = NONCE_BYTES;
  for (const { textBytes } of fields) at = into.writeUInt32LE(textBytes, at);
  into.set(random.subarray(0, saltBytes), at);
  at += saltBytes;
  for (const { text, textBytes } of fields) {
    writeText(into, text, at, textBytes);
    at += textBytes;
  }
}

/** ASCII needs no encoder. */
export function writeText(into: Buffer, text: string, at: number, bytes: number): void {
  into.write(text, at, bytes === text.length ? "latin1" : "utf8");
}

/** Encrypts a laid-out body where it lies. */
export function sealBody(body: Buffer, key: Uint8Array): void {
  const cipher = createCipheriv("aes-256-gcm", key, body.subarray(0, NONCE_BYTES));
  body.set(cipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), NONCE_BYTES);
  cipher.final();
  body.set(cipher.getAuthTag(), body.length - TAG_BYTES);
}

/** The plain body, as far as it was not erased: `undefined` when nothing is left, `damaged` when the box does not open. */
export function openBody(stored: Uint8Array, keys: KeySet, seq: number): Uint8Array | "damaged" | undefined {
  const key = recordKey(keys, seq);
  if (key === undefined) return keptBody(keys, seq);
  const body = asBuffer(stored);
  if (body.length < NONCE_BYTES + TAG_BYTES) return "damaged";
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    const plain = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
    decipher.final();
    return plain;
  } catch {
    return "damaged";
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Salts and values of a plain body; without those that were erased. @throws EvidenceError when a text is no JSON. */
export function readFields(plain: Uint8Array, names: readonly string[]): Disclosures {
  const bytes = asBuffer(plain);
  const disclosures: Record<string, readonly [string, CanonicalInput]> = {};
  forEachField(bytes, names.length, (field, saltAt, textAt, textBytes) => {
    const salt = bytes.subarray(saltAt, saltAt + SALT_BYTES).toString("base64url");
    const name = names[field] ?? "";
    disclosures[name] = [salt, parseStrictJson(utf8.decode(bytes.subarray(textAt, textAt + textBytes)))];
  });
  return disclosures;
}

/** The plain body without these fields; undefined when nothing would be left. */
export function withoutFields(plain: Uint8Array, erased: ReadonlySet<number>, count: number): Uint8Array | undefined {
  const bytes = asBuffer(plain);
  const head = Buffer.alloc(count * (LENGTH_BYTES + SALT_BYTES));
  for (let field = 0; field < count; field++) head.writeUInt32LE(ABSENT, field * LENGTH_BYTES);
  const texts: Uint8Array[] = [];
  forEachField(bytes, count, (field, saltAt, textAt, textBytes) => {
    if (erased.has(field)) return;
    head.writeUInt32LE(textBytes, field * LENGTH_BYTES);
    head.set(bytes.subarray(saltAt, saltAt + SALT_BYTES), saltAt);
    texts.push(bytes.subarray(textAt, textAt + textBytes));
  });
  return texts.length === 0 ? undefined : Buffer.concat([head, ...texts]);
}

function forEachField(
  plain: Buffer,
  count: number,
  visit: (field: number, saltAt: number, textAt: number, textBytes: number) => void,
): void {
  let textAt = count * (LENGTH_BYTES + SALT_BYTES);
  for (let field = 0; field < count; field++) {
    const textBytes = plain.readUInt32LE(field * LENGTH_BYTES);
    if (textBytes === ABSENT) continue;
    visit(field, count * LENGTH_BYTES + field * SALT_BYTES, textAt, textBytes);
    textAt += textBytes;
  }
}

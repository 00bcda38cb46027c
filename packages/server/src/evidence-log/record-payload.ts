/**
 * Payload of a record frame: `header length u32 | key id u32 | frame before: segment u32, offset u32 | header | body`.
 * The frame before is the session's previous record: following it backwards reads a session without any index.
 * The body is `nonce 12 B | {length u32, ciphertext, tag 16 B}…`, one AES-256-GCM box per committed field, in the
 * order of the names in `cm`; a box holds the salt (16 B) and the value's JSON text.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type CanonicalInput, type Disclosures, parseStrictJson, SALT_BYTES } from "@aegisflow/evidence";
import { fieldKey } from "./key-tree.ts";
import { asBuffer } from "./segment-format.ts";

export const PAYLOAD_PREFIX_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BOX_BYTES_MIN = 4 + SALT_BYTES + TAG_BYTES;

/** Where a frame stands. `segment` 0 means nowhere: ids start at 1. */
export interface FramePosition {
  readonly segment: number;
  readonly offset: number;
}

export const NOWHERE: FramePosition = { segment: 0, offset: 0 };

export interface RecordPayload {
  /** Exactly the stored header bytes, as text. */
  readonly header: string;
  readonly keyId: number;
  readonly previous: FramePosition;
  /** As stored; a view of the frame. */
  readonly body: Uint8Array;
}

/** Writes a payload without its body into place. */
export function writePayloadStart(into: Buffer, payload: Omit<RecordPayload, "body">, headerBytes: number): void {
  into.writeUInt32LE(headerBytes, 0);
  into.writeUInt32LE(payload.keyId, 4);
  into.writeUInt32LE(payload.previous.segment, 8);
  into.writeUInt32LE(payload.previous.offset, 12);
  writeText(into, payload.header, PAYLOAD_PREFIX_BYTES, headerBytes);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined when the bytes are no record payload. */
export function readPayload(stored: Uint8Array): RecordPayload | undefined {
  const bytes = asBuffer(stored);
  if (bytes.length < PAYLOAD_PREFIX_BYTES) return undefined;
  const end = PAYLOAD_PREFIX_BYTES + bytes.readUInt32LE(0);
  if (end > bytes.length) return undefined;
  try {
    return {
      header: utf8.decode(bytes.subarray(PAYLOAD_PREFIX_BYTES, end)),
      keyId: bytes.readUInt32LE(4),
      previous: { segment: bytes.readUInt32LE(8), offset: bytes.readUInt32LE(12) },
      body: bytes.subarray(end),
    };
  } catch {
    return undefined;
  }
}

/** Key of the n-th field, or undefined when it was erased. */
export type FieldKeys = (field: number) => Uint8Array | undefined;

/** A committed field before it is sealed. */
export interface FieldText {
  readonly name: string;
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** Canonical JSON of the value. */
  readonly text: string;
  /** Of the text in UTF-8; equal to its length for ASCII. */
  readonly textBytes: number;
}

/** Bytes of the body of these fields. */
export function bodyBytes(fields: readonly FieldText[]): number {
  if (fields.length === 0) return 0;
  return fields.reduce((sum, { textBytes }) => sum + BOX_BYTES_MIN + textBytes, NONCE_BYTES);
}

/** Lays out a body in the clear, with room for the tags; `into` has exactly its length. `sealBody` comes before the disk. */
export function writeBody(into: Buffer, fields: readonly FieldText[], nonce: Uint8Array): void {
  into.set(nonce);
  let at = NONCE_BYTES;
  for (const { salt, text, textBytes } of fields) {
    into.writeUInt32LE(SALT_BYTES + textBytes + TAG_BYTES, at);
    into.set(salt, at + 4);
    writeText(into, text, at + 4 + SALT_BYTES, textBytes);
    at += BOX_BYTES_MIN + textBytes;
  }
}

/** ASCII needs no encoder. */
function writeText(into: Buffer, text: string, at: number, bytes: number): void {
  into.write(text, at, bytes === text.length ? "latin1" : "utf8");
}

/** Encrypts a laid-out body where it lies, each field under its own key. */
export function sealBody(body: Buffer, recordKey: Uint8Array): void {
  const nonce = body.subarray(0, NONCE_BYTES);
  for (let at = NONCE_BYTES, field = 0; at < body.length; field++) {
    const box = body.subarray(at + 4, at + 4 + body.readUInt32LE(at));
    const cipher = createCipheriv("aes-256-gcm", fieldKey(recordKey, field), nonce);
    box.set(cipher.update(box.subarray(0, box.length - TAG_BYTES)));
    cipher.final();
    box.set(cipher.getAuthTag(), box.length - TAG_BYTES);
    at += 4 + box.length;
  }
}

export interface OpenedBody {
  readonly disclosures: Disclosures;
  /** Names whose box does not open although its key is there: damage. */
  readonly damaged: readonly string[];
}

/** Opens what can be opened; an erased field is simply absent. */
export function openBody(stored: Uint8Array, names: readonly string[], keyOf: FieldKeys): OpenedBody {
  const bytes = asBuffer(stored);
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const disclosures: Record<string, readonly [string, CanonicalInput]> = {};
  const damaged: string[] = [];
  let at = NONCE_BYTES;
  names.forEach((name, field) => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : -1;
    const box = bytes.subarray(at + 4, at + 4 + Math.max(0, length));
    at += 4 + Math.max(0, length);
    const key = keyOf(field);
    if (key === undefined) return;
    const opened = length < TAG_BYTES + SALT_BYTES || at > bytes.length ? undefined : openBox(box, key, nonce);
    if (opened === undefined) damaged.push(name);
    else disclosures[name] = opened;
  });
  return { disclosures, damaged };
}

function openBox(box: Buffer, key: Uint8Array, nonce: Uint8Array): readonly [string, CanonicalInput] | undefined {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
    const opened = decipher.update(box.subarray(0, box.length - TAG_BYTES));
    decipher.final();
    const text = utf8.decode(opened.subarray(SALT_BYTES));
    return [opened.subarray(0, SALT_BYTES).toString("base64url"), parseStrictJson(text)];
  } catch {
    return undefined;
  }
}

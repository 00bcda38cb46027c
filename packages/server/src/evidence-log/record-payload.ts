/**
 * Payload of a record frame: `header length u32 | key id u32 | frame before: segment u32, offset u32 | header | body`.
 * The frame before is the session's previous record: following it backwards reads a session without any index.
 * The body is `nonce 12 B | {length u32, ciphertext, tag 16 B}…`, one AES-256-GCM box per committed field, in the
 * order of the names in `cm`; a box holds the salt (22 base64url characters) and the value's JSON text.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type CanonicalInput, type Disclosures, parseStrictJson } from "@aegisflow/evidence";
import { asBuffer } from "./segment-format.ts";

export const PAYLOAD_PREFIX_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_CHARS = 22;

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
  readonly body: Uint8Array;
}

/** Bytes of the payload of a record, prefix included. */
export function payloadBytes(headerBytes: number, bodyBytes: number): number {
  return PAYLOAD_PREFIX_BYTES + headerBytes + bodyBytes;
}

/** Writes a payload into place; `into` has exactly its length. */
export function writePayload(into: Buffer, payload: RecordPayload, headerBytes: number): void {
  into.writeUInt32LE(headerBytes, 0);
  into.writeUInt32LE(payload.keyId, 4);
  into.writeUInt32LE(payload.previous.segment, 8);
  into.writeUInt32LE(payload.previous.offset, 12);
  into.write(payload.header, PAYLOAD_PREFIX_BYTES, "utf8");
  into.set(payload.body, PAYLOAD_PREFIX_BYTES + headerBytes);
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

/** Seals salt and JSON text of each field, in the order of the sorted names. */
export function sealBody(
  fields: readonly (readonly [salt: string, text: string])[],
  keyOf: (field: number) => Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const parts: Uint8Array[] = [nonce];
  fields.forEach(([salt, text], field) => {
    const cipher = createCipheriv("aes-256-gcm", keyOf(field), nonce);
    const sealed = cipher.update(salt + text, "utf8");
    const rest = cipher.final();
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(sealed.length + rest.length + TAG_BYTES);
    parts.push(length, sealed, rest, cipher.getAuthTag());
  });
  return Buffer.concat(parts);
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
    const opened = length < TAG_BYTES + SALT_CHARS || at > bytes.length ? undefined : openBox(box, key, nonce);
    if (opened === undefined) damaged.push(name);
    else disclosures[name] = opened;
  });
  return { disclosures, damaged };
}

function openBox(box: Buffer, key: Uint8Array, nonce: Uint8Array): readonly [string, CanonicalInput] | undefined {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
    const text = decipher.update(box.subarray(0, box.length - TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    return [text.slice(0, SALT_CHARS), parseStrictJson(text.slice(SALT_CHARS))];
  } catch {
    return undefined;
  }
}

/**
 * Payload of a record frame: `header length u32 | key id u32 | frame before: segment u32, offset u32 | header | body`.
 * The frame before is the session's previous record: following it backwards reads a session without any index.
 */
import { writeText } from "./record-body.ts";
import { asBuffer } from "./segment-format.ts";

export const PAYLOAD_PREFIX_BYTES = 16;

/** Where a frame stands. `segment` 0 means nowhere: ids start at 1. */
export interface FramePosition {
  readonly segment: number;
  readonly offset: number;
}

export const NOWHERE: FramePosition = { segment: 0, offset: 0 };

export interface RecordPayload {
  /** Exactly the stored header bytes, as text. */
  readonly header: string;
  /** The session's keys among the key files; 0 without a body. */
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

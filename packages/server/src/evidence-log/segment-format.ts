/**
 * Bytes of a segment file, little-endian:
 *   header 64 B  magic "AEGSEG01" | id u32 | base index u64 | leaf hash of the record before, 32 B | first batch u64 | crc32 u32
 *   frame 28 B   payload length u32 | crc32 u32 | index u64 | batch u64 | type u8 | flags u8 | 0 u16 | payload
 * The crc covers everything after it. A batch is what one fdatasync acknowledged; its last frame carries the flag
 * `BATCH_END`, which is what lets recovery tell a torn write from damage to acknowledged data.
 */
import { crc32 } from "node:zlib";

export const SEGMENT_HEADER_BYTES = 64;
export const FRAME_HEADER_BYTES = 28;
/** A new file is begun before a batch would take the segment beyond this. */
export const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
/** One payload: a header of 32 KiB and a body; see `RECORD_BODY_BYTES_MAX`. */
export const PAYLOAD_BYTES_MAX = 2 * 1024 * 1024;

export const FRAME_RECORD = 1;
export const FRAME_CHECKPOINT = 2;
export type FrameType = typeof FRAME_RECORD | typeof FRAME_CHECKPOINT;

export const BATCH_END = 1;

const MAGIC = Buffer.from("AEGSEG01", "latin1");
const SEGMENTS_FOLDER = "segments";
const U32 = 0x1_0000_0000;

/** `segments/00000001.seg`. */
export function segmentPath(id: number): string {
  return `${SEGMENTS_FOLDER}/${String(id).padStart(8, "0")}.seg`;
}

/** The id in a segment's file name; undefined for other files (`.torn` copies). */
export function segmentIdOf(name: string): number | undefined {
  const digits = /^(\d{8})\.seg$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export interface SegmentHeader {
  readonly id: number;
  /** Log index of the segment's first record. */
  readonly baseIndex: number;
  /** Leaf hash of the record before it, 32 bytes; zeros for the first. */
  readonly previousLeaf: Uint8Array;
  readonly firstBatch: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(header.id, 8);
  writeU64(bytes, header.baseIndex, 12);
  bytes.set(header.previousLeaf, 20);
  writeU64(bytes, header.firstBatch, 52);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** Undefined for anything that is not a whole, undamaged header. */
export function decodeSegmentHeader(stored: Uint8Array): SegmentHeader | undefined {
  if (stored.length < SEGMENT_HEADER_BYTES) return undefined;
  const bytes = asBuffer(stored);
  if (!bytes.subarray(0, 8).equals(MAGIC) || bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) return undefined;
  return {
    id: bytes.readUInt32LE(8),
    baseIndex: readU64(bytes, 12),
    previousLeaf: copyOf(bytes.subarray(20, 52)),
    firstBatch: readU64(bytes, 52),
  };
}

export interface FrameHeader {
  readonly index: number;
  readonly batch: number;
  readonly type: FrameType;
  readonly flags: number;
}

/** Writes the header of a frame but for its crc. */
export function beginFrame(frame: Buffer, header: FrameHeader): void {
  frame.writeUInt32LE(frame.length - FRAME_HEADER_BYTES, 0);
  writeU64(frame, header.index, 8);
  writeU64(frame, header.batch, 16);
  frame.writeUInt32LE(header.type | (header.flags << 8), 24);
}

/** Writes the crc, when everything else stands. */
export function endFrame(frame: Buffer): void {
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
}

/** The frames of a batch under construction, one after the other: only their lengths are believed. */
export function* framesOf(frames: Buffer): Generator<Buffer> {
  for (let at = 0; at < frames.length; ) {
    const end = at + FRAME_HEADER_BYTES + frames.readUInt32LE(at);
    yield frames.subarray(at, end);
    at = end;
  }
}

export interface Frame extends FrameHeader {
  readonly payload: Uint8Array;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** The whole, undamaged frame at a position; undefined when there is none. */
export function decodeFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const payloadLength = bytes.readUInt32LE(at);
  const end = at + FRAME_HEADER_BYTES + payloadLength;
  if (payloadLength > PAYLOAD_BYTES_MAX || end > bytes.length) return undefined;
  const type = bytes[at + 24];
  const flags = bytes[at + 25] ?? 0;
  if ((type !== FRAME_RECORD && type !== FRAME_CHECKPOINT) || flags > BATCH_END) return undefined;
  if (bytes.readUInt16LE(at + 26) !== 0 || bytes.readUInt32LE(at + 4) !== crc32(bytes.subarray(at + 8, end))) {
    return undefined;
  }
  return {
    index: readU64(bytes, at + 8),
    batch: readU64(bytes, at + 16),
    type,
    flags,
    payload: bytes.subarray(at + FRAME_HEADER_BYTES, end),
    length: end - at,
  };
}

/** A copy in memory of its own. (`Uint8Array.from` goes through an iterator; `slice` of a Buffer shares memory.) */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whole numbers up to 2^53 - 1; without BigInt, which costs more than the rest of a frame. */
function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % U32, at);
  bytes.writeUInt32LE(Math.floor(value / U32), at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * U32;
}

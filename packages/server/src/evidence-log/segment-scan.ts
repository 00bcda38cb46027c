/**
 * Reads segments from a place in the log to its end and says how it ends. The rule for the first bad frame is exact:
 * it belongs to the batch that was being written; a valid frame of a *later* batch behind it proves that its own
 * batch had been acknowledged, so data is damaged. Without such a frame the write was torn and nobody was told yes.
 */
import type { LogEnd } from "./batch-builder.ts";
import { type FileSystem, readUpTo } from "./file-system.ts";
import type { FramePosition } from "./record-payload.ts";
import { corrupt, rolledBack } from "./refusal.ts";
import {
  asBuffer,
  BATCH_END,
  copyOf,
  decodeFrame,
  decodeSegmentHeader,
  FRAME_CHECKPOINT,
  FRAME_HEADER_BYTES,
  type Frame,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentIdOf,
  segmentPath,
} from "./segment-format.ts";

/** A stretch at the end of the last segment. */
export interface Tail {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface ScanResult {
  readonly end: LogEnd;
  /** What follows the last good frame; the write that left it was never acknowledged. */
  readonly torn: Tail | undefined;
  /** Frames of the last batch, when the scan saw any: perhaps acknowledged, perhaps only in the page cache. */
  readonly lastBatch: (Tail & { readonly ended: boolean; readonly lastFrameBytes: number }) | undefined;
  /** A last segment whose header never became durable: it holds nothing. */
  readonly unborn: number | undefined;
}

/** Called for each record, in order. @returns the record's leaf hash, 32 bytes. @throws to refuse the log. */
export type RecordVisitor = (payload: Uint8Array, index: number, at: FramePosition) => Uint8Array;
export type CheckpointVisitor = (note: Uint8Array, size: number) => void;

export interface ScanVisitors {
  readonly record: RecordVisitor;
  readonly checkpoint: CheckpointVisitor;
}

interface Cursor {
  segment: number;
  offset: number;
  batch: number;
  /** The last frame closed its batch. */
  ended: boolean;
  size: number;
  lastLeaf: Uint8Array;
  batchFrom: number | undefined;
  lastFrameBytes: number;
}

/** @throws LogRefusal `corrupt` or `rollback`. */
export function scanLog(files: FileSystem, from: LogEnd, visitors: ScanVisitors): ScanResult {
  const ids = segmentIds(files);
  const last = ids.at(-1) ?? 0;
  if (last < from.segment) throw rolledBack(`segment ${from.segment} is gone`);
  const cursor: Cursor = { ...from, ended: true, batchFrom: undefined, lastFrameBytes: 0 };
  let torn: Tail | undefined;
  for (const id of ids.slice(Math.max(0, from.segment - 1))) {
    // Of the segment where the scan begins, what was scanned before is not even read.
    const stored = readSegment(files, id, id === from.segment ? from.offset : SEGMENT_HEADER_BYTES);
    if (id !== from.segment) {
      if (stored.header === undefined && id === last && !hasLaterFrame(stored.bytes, 0, -1)) {
        return { ...scanned(files, cursor, undefined), unborn: id };
      }
      enterSegment(cursor, id, stored.header);
    }
    if (stored.header?.id !== id) throw corrupt(`the header of segment ${id} fails its check`);
    if (stored.length < cursor.offset) throw rolledBack(`segment ${id} is shorter than it was`);
    const isWhole = readFrames(stored, cursor, visitors);
    if (!isWhole) torn = judgeTail(stored, cursor, id === last);
    else if (!cursor.ended && id !== last) throw corrupt(`segment ${id} ends within a batch`);
  }
  return { ...scanned(files, cursor, torn), unborn: undefined };
}

/** @throws LogRefusal `corrupt` when a segment is missing between others. */
function segmentIds(files: FileSystem): readonly number[] {
  const ids = files
    .list("segments")
    .map(segmentIdOf)
    .filter((id) => id !== undefined)
    .sort((a, b) => a - b);
  ids.forEach((id, i) => {
    if (id !== i + 1) throw corrupt(`segment ${i + 1} is missing`);
  });
  return ids;
}

interface StoredSegment {
  /** Undefined when it fails its check. */
  readonly header: SegmentHeader | undefined;
  /** Of the whole file. */
  readonly length: number;
  /** Where `bytes` begin in the file. */
  readonly from: number;
  readonly bytes: Buffer;
}

function readSegment(files: FileSystem, id: number, from: number): StoredSegment {
  const file = files.open(segmentPath(id), "read");
  try {
    const length = file.size();
    const header = decodeSegmentHeader(readUpTo(file, 0, SEGMENT_HEADER_BYTES));
    return { header, length, from, bytes: asBuffer(readUpTo(file, from, Math.max(0, length - from))) };
  } finally {
    file.close();
  }
}

/** Every segment says where it joins the one before. */
function enterSegment(cursor: Cursor, id: number, header: SegmentHeader | undefined): void {
  const joins =
    header?.id === id &&
    header.baseIndex === cursor.size &&
    header.firstBatch === cursor.batch + 1 &&
    Buffer.compare(header.previousLeaf, cursor.lastLeaf) === 0;
  if (!joins) throw corrupt(`segment ${id} does not follow the one before`);
  cursor.segment = id;
  cursor.offset = SEGMENT_HEADER_BYTES;
  cursor.batchFrom = undefined;
}

/** Reads good frames, up to the first bad one; true when there is none. */
function readFrames({ from, bytes }: StoredSegment, cursor: Cursor, visitors: ScanVisitors): boolean {
  while (cursor.offset - from < bytes.length) {
    const frame = decodeFrame(bytes, cursor.offset - from);
    if (frame === undefined || !isNext(frame, cursor)) return false;
    if (cursor.ended) cursor.batchFrom = cursor.offset;
    visit(frame, cursor, visitors);
    cursor.batch = frame.batch;
    cursor.ended = frame.flags === BATCH_END;
    cursor.offset += frame.length;
    cursor.lastFrameBytes = frame.length;
  }
  return true;
}

function isNext(frame: Frame, cursor: Cursor): boolean {
  return frame.index === cursor.size && frame.batch === writingBatch(cursor);
}

/** The batch that the next frame belongs to. */
function writingBatch(cursor: Cursor): number {
  return cursor.ended ? cursor.batch + 1 : cursor.batch;
}

function visit(frame: Frame, cursor: Cursor, visitors: ScanVisitors): void {
  if (frame.type === FRAME_CHECKPOINT) {
    visitors.checkpoint(frame.payload, frame.index);
    return;
  }
  cursor.lastLeaf = visitors.record(frame.payload, frame.index, { segment: cursor.segment, offset: cursor.offset });
  cursor.size++;
}

function judgeTail({ from, bytes }: StoredSegment, cursor: Cursor, isLast: boolean): Tail {
  const { segment, offset } = cursor;
  if (!isLast) throw corrupt(`segment ${segment} has a bad frame at byte ${offset}`);
  if (hasLaterFrame(bytes, offset - from, writingBatch(cursor))) {
    throw corrupt(`segment ${segment} has a bad frame at byte ${offset}, before acknowledged ones`);
  }
  return { segment, offset, bytes: copyOf(bytes.subarray(offset - from)) };
}

/**
 * Looks at every byte, because a bad frame has no length to trust. No record can pretend: header bytes are JSON
 * without control characters, bodies are encrypted, and a frame needs zero bytes in its header.
 */
function hasLaterFrame(bytes: Buffer, from: number, batch: number): boolean {
  for (let at = from; at + FRAME_HEADER_BYTES <= bytes.length; at++) {
    if (bytes[at + 26] !== 0 || bytes[at + 27] !== 0) continue;
    const frame = decodeFrame(bytes, at);
    if (frame !== undefined && frame.batch > batch) return true;
  }
  return false;
}

function scanned(files: FileSystem, cursor: Cursor, torn: Tail | undefined): Omit<ScanResult, "unborn"> {
  const { segment, offset, batch, size, lastLeaf, batchFrom, ended, lastFrameBytes } = cursor;
  const end: LogEnd = { segment, offset, batch, size, lastLeaf };
  if (batchFrom === undefined) return { end, torn, lastBatch: undefined };
  const bytes = copyOf(readSegment(files, segment, batchFrom).bytes.subarray(0, offset - batchFrom));
  return { end, torn, lastBatch: { segment, offset: batchFrom, bytes, ended, lastFrameBytes } };
}

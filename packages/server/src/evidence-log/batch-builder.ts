/**
 * Turns queued records into the bytes of one batch: gives each its index and its place in a segment, links it to the
 * session's frame before, and seals the frames. Only here do records get positions, so they are the same in memory
 * and on disk; a batch never crosses a segment.
 */
import { HASH_BYTES } from "@aegisflow/evidence";
import { type FramePosition, payloadBytes, writePayload } from "./record-payload.ts";
import {
  BATCH_END,
  FRAME_CHECKPOINT,
  FRAME_HEADER_BYTES,
  FRAME_RECORD,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  sealFrame,
} from "./segment-format.ts";
import type { Batch, KeyAppend } from "./segment-writer.ts";

/** Where the next frame goes. */
export interface LogEnd {
  /** 0 while there is no segment. */
  readonly segment: number;
  readonly offset: number;
  /** Number of the last batch. */
  readonly batch: number;
  /** Records so far: the index of the next. */
  readonly size: number;
  /** Leaf hash of the last record, 32 bytes; zeros before the first. */
  readonly lastLeaf: Uint8Array;
}

/** A record that waits to be written. */
export interface PendingRecord {
  /** Canonical header text. */
  readonly header: string;
  readonly headerBytes: number;
  /** 64 hex. */
  readonly leaf: string;
  readonly body: Uint8Array;
  readonly keyId: number;
  /** The session's chain on disk: read for the link, moved on to this record. */
  readonly chain: { last: FramePosition };
}

export interface BuiltBatch {
  readonly batch: Batch;
  readonly end: LogEnd;
  /** In the order of the records. */
  readonly positions: readonly FramePosition[];
}

/** @param note a checkpoint to keep in the log's own history, before the records. */
export function buildBatch(
  end: LogEnd,
  records: readonly PendingRecord[],
  extras: { readonly note: Uint8Array | undefined; readonly keys: readonly KeyAppend[]; readonly segmentBytes: number },
): BuiltBatch {
  const { note } = extras;
  const length = batchBytes(records) + (note === undefined ? 0 : FRAME_HEADER_BYTES + note.length);
  const number = end.batch + 1;
  const rolls = end.segment === 0 || (end.offset > SEGMENT_HEADER_BYTES && end.offset + length > extras.segmentBytes);
  const begin: SegmentHeader | undefined = rolls
    ? { id: end.segment + 1, baseIndex: end.size, previousLeaf: end.lastLeaf, firstBatch: number }
    : undefined;
  const segment = begin?.id ?? end.segment;
  const offset = begin === undefined ? end.offset : SEGMENT_HEADER_BYTES;

  // Not from the shared pool: the memory is handed over to the writing thread.
  const frames = Buffer.allocUnsafeSlow(length);
  const leaves = Buffer.allocUnsafeSlow(records.length * HASH_BYTES);
  const positions: FramePosition[] = [];
  let at = 0;
  const seal = (
    bytes: number,
    header: { index: number; type: typeof FRAME_RECORD | typeof FRAME_CHECKPOINT },
  ): void => {
    const flags = at + bytes === length ? BATCH_END : 0;
    sealFrame(frames.subarray(at, at + bytes), { ...header, batch: number, flags });
    at += bytes;
  };
  if (note !== undefined) {
    frames.set(note, at + FRAME_HEADER_BYTES);
    seal(FRAME_HEADER_BYTES + note.length, { index: end.size, type: FRAME_CHECKPOINT });
  }
  records.forEach((record, i) => {
    const bytes = frameBytes(record);
    const { header, keyId, body, chain } = record;
    const into = frames.subarray(at + FRAME_HEADER_BYTES, at + bytes);
    writePayload(into, { header, keyId, previous: chain.last, body }, record.headerBytes);
    leaves.write(record.leaf, i * HASH_BYTES, "hex");
    chain.last = { segment, offset: offset + at };
    positions.push(chain.last);
    seal(bytes, { index: end.size + i, type: FRAME_RECORD });
  });
  const lastLeaf = records.length === 0 ? end.lastLeaf : Uint8Array.from(leaves.subarray(-HASH_BYTES));
  return {
    batch: { begin, segment, offset, frames, leaves, keys: extras.keys },
    end: { segment, offset: offset + length, batch: number, size: end.size + records.length, lastLeaf },
    positions,
  };
}

/** Bytes of the record's frame. */
export function frameBytes(record: Pick<PendingRecord, "headerBytes" | "body">): number {
  return FRAME_HEADER_BYTES + payloadBytes(record.headerBytes, record.body.length);
}

function batchBytes(records: readonly PendingRecord[]): number {
  return records.reduce((sum, record) => sum + frameBytes(record), 0);
}

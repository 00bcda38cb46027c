/**
 * Turns queued records into the bytes of one batch: gives each its index and its place in a segment, links it to the
 * session's frame before, and lays out the frames. Only here do records get positions, so they are the same in memory
 * and on disk; a batch never crosses a segment.
 */
import { HASH_BYTES } from "@aegisflow/evidence";
import { type Batch, type KeyAppend, memoryBytes, partsOfBatch, SEAL_BYTES } from "./batch.ts";
import { type BodyDraft, writeBody } from "./record-body.ts";
import { type FramePosition, PAYLOAD_PREFIX_BYTES, writePayloadStart } from "./record-payload.ts";
import {
  BATCH_END,
  beginFrame,
  copyOf,
  FRAME_CHECKPOINT,
  FRAME_HEADER_BYTES,
  FRAME_RECORD,
  type FrameType,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./segment-format.ts";

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
  /** What is disclosed; sealed by the writer. */
  readonly body: BodyDraft;
  readonly bodyBytes: number;
  /** Of the record; undefined when it has no fields. */
  readonly key: Uint8Array | undefined;
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

export interface BatchExtras {
  /** A checkpoint to keep in the log's own history, before the records. */
  readonly note: Uint8Array | undefined;
  readonly keys: readonly KeyAppend[];
  readonly segmentBytes: number;
  /** Memory of at least this size; it goes with the batch. */
  readonly memory: (bytes: number) => ArrayBuffer;
}

export function buildBatch(end: LogEnd, records: readonly PendingRecord[], extras: BatchExtras): BuiltBatch {
  const { note } = extras;
  const length = batchBytes(records) + (note === undefined ? 0 : FRAME_HEADER_BYTES + note.length);
  const number = end.batch + 1;
  const rolls = end.segment === 0 || (end.offset > SEGMENT_HEADER_BYTES && end.offset + length > extras.segmentBytes);
  const begin: SegmentHeader | undefined = rolls
    ? { id: end.segment + 1, baseIndex: end.size, previousLeaf: end.lastLeaf, firstBatch: number }
    : undefined;
  const segment = begin?.id ?? end.segment;
  const offset = begin === undefined ? end.offset : SEGMENT_HEADER_BYTES;

  const draft = new BatchDraft(extras.memory(memoryBytes(length, records.length)), length, records.length, {
    batch: number,
    index: end.size,
  });
  if (note !== undefined) draft.addNote(note);
  const positions = records.map((record) => {
    const previous = record.chain.last;
    record.chain.last = { segment, offset: offset + draft.at };
    draft.addRecord(record, previous);
    return record.chain.last;
  });
  const { memory, seals } = draft;
  const lastLeaf = records.length === 0 ? end.lastLeaf : copyOf(draft.leaves.subarray(-HASH_BYTES));
  const sizes = { frames: length, records: records.length, seals };
  return {
    batch: { begin, segment, offset, memory, sizes, keys: extras.keys },
    end: { segment, offset: offset + length, batch: number, size: end.size + records.length, lastLeaf },
    positions,
  };
}

/** The bytes of a batch while they are filled in. */
class BatchDraft {
  readonly memory: ArrayBuffer;
  readonly leaves: Buffer;
  readonly #frames: Buffer;
  readonly #seals: Buffer;
  readonly #batch: number;
  #index: number;
  #records = 0;
  /** Bodies to seal. */
  seals = 0;
  at = 0;

  constructor(
    memory: ArrayBuffer,
    length: number,
    records: number,
    first: { readonly batch: number; readonly index: number },
  ) {
    this.memory = memory;
    const parts = partsOfBatch(memory, { frames: length, records, seals: records });
    this.#frames = parts.frames;
    this.leaves = parts.leaves;
    this.#seals = parts.seals;
    this.#batch = first.batch;
    this.#index = first.index;
  }

  addNote(note: Uint8Array): void {
    const bytes = FRAME_HEADER_BYTES + note.length;
    this.#frames.set(note, this.at + FRAME_HEADER_BYTES);
    this.#begin(bytes, FRAME_CHECKPOINT);
  }

  addRecord(record: PendingRecord, previous: FramePosition): void {
    const bytes = frameBytes(record);
    const { header, headerBytes, keyId, key, body } = record;
    const payload = this.#frames.subarray(this.at + FRAME_HEADER_BYTES, this.at + bytes);
    writePayloadStart(payload, { header, keyId, previous }, headerBytes);
    if (key !== undefined) {
      const bodyAt = PAYLOAD_PREFIX_BYTES + headerBytes;
      writeBody(payload.subarray(bodyAt), body);
      this.#addSeal(this.at + FRAME_HEADER_BYTES + bodyAt, this.at + bytes, key);
    }
    this.leaves.write(record.leaf, this.#records * HASH_BYTES, "hex");
    this.#begin(bytes, FRAME_RECORD);
    this.#records++;
    this.#index++;
  }

  #addSeal(from: number, to: number, key: Uint8Array): void {
    const at = this.seals * SEAL_BYTES;
    this.#seals.writeUInt32LE(from, at);
    this.#seals.writeUInt32LE(to, at + 4);
    this.#seals.set(key, at + 8);
    this.seals++;
  }

  #begin(bytes: number, type: FrameType): void {
    const end = this.at + bytes;
    const flags = end === this.#frames.length ? BATCH_END : 0;
    beginFrame(this.#frames.subarray(this.at, end), { index: this.#index, batch: this.#batch, type, flags });
    this.at = end;
  }
}

/** Bytes of the record's frame. */
export function frameBytes(record: Pick<PendingRecord, "headerBytes" | "bodyBytes">): number {
  return FRAME_HEADER_BYTES + PAYLOAD_PREFIX_BYTES + record.headerBytes + record.bodyBytes;
}

function batchBytes(records: readonly PendingRecord[]): number {
  return records.reduce((sum, record) => sum + frameBytes(record), 0);
}

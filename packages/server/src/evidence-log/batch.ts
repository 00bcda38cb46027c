/**
 * One batch on its way to the disk, in one piece of memory that changes hands between the threads and comes back to
 * be used again: the frames, then the leaf hashes, then what is to be sealed. Fresh memory for every batch would cost
 * more than filling it.
 */
import { HASH_BYTES } from "@aegisflow/evidence";
import type { SegmentHeader } from "./segment-format.ts";

/** One body to seal: where it begins and ends among the frames, u32 each, and its record's key, 32 bytes. */
export const SEAL_BYTES = 40;

/** Sealed key sets that must be durable before the records that need them. */
export interface KeyAppend {
  readonly shard: number;
  readonly bytes: Uint8Array;
}

export interface BatchSizes {
  /** Bytes of the frames. */
  readonly frames: number;
  readonly records: number;
  /** Bodies to seal. */
  readonly seals: number;
}

export interface Batch {
  /** The segment to begin before writing, when the current one is full. */
  readonly begin: SegmentHeader | undefined;
  readonly segment: number;
  /** Where the frames go: always the end of the segment. */
  readonly offset: number;
  /** See `partsOfBatch`. */
  readonly memory: ArrayBuffer;
  readonly sizes: BatchSizes;
  readonly keys: readonly KeyAppend[];
}

export interface BatchParts {
  /** Bodies still in the clear, crcs still to be written. */
  readonly frames: Buffer;
  /** Leaf hashes of the records, 32 bytes each. */
  readonly leaves: Buffer;
  /** `SEAL_BYTES` for each body. */
  readonly seals: Buffer;
}

/** Memory for a batch whose records may all have bodies. */
export function memoryBytes(frames: number, records: number): number {
  return frames + records * (HASH_BYTES + SEAL_BYTES);
}

/** The same views on both sides of the channel. */
export function partsOfBatch(memory: ArrayBuffer, { frames, records, seals }: BatchSizes): BatchParts {
  const sealsAt = frames + records * HASH_BYTES;
  return {
    frames: Buffer.from(memory, 0, frames),
    leaves: Buffer.from(memory, frames, records * HASH_BYTES),
    seals: Buffer.from(memory, sealsAt, seals * SEAL_BYTES),
  };
}

/** Keeps memory that came back for the next batch. */
export class BatchMemory {
  #free: ArrayBuffer[] = [];

  take(bytes: number): ArrayBuffer {
    const at = this.#free.findIndex((memory) => memory.byteLength >= bytes);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    return found ?? new ArrayBuffer(Math.max(MEMORY_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes))));
  }

  giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength <= MEMORY_BYTES_KEPT_MAX && this.#free.length < FREE_MAX) this.#free.push(memory);
  }
}

const MEMORY_BYTES_MIN = 64 * 1024;
/** Larger ones are rare and not worth holding. */
const MEMORY_BYTES_KEPT_MAX = 1024 * 1024;
/** One more than can be with the writer. */
const FREE_MAX = 3;

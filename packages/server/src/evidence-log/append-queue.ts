/**
 * Group commit: whatever is queued when the writer is ready becomes one batch, without waiting for more. Two batches
 * are with the writer at most, so that it never idles and the queue stays here, bounded, where it can be refused.
 * Under load a batch takes half of what is on its way, so that one half is made while the other is written.
 */
import { AegisError } from "@aegisflow/core";
import { BatchMemory, type KeyAppend } from "./batch.ts";
import { type BuiltBatch, buildBatch, frameBytes, type LogEnd } from "./batch-builder.ts";
import type { LiveSession } from "./live-sessions.ts";
import type { LogWriter } from "./log-writer.ts";
import type { PreparedRecord } from "./record-builder.ts";
import type { FramePosition } from "./record-payload.ts";

/** One batch: enough that the disk's time per record vanishes, little enough that its ack stays quick. */
export const BATCH_RECORDS_MAX = 512;
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const BATCHES_WITH_WRITER_MAX = 2;
/** Fewer records are not worth a sync of their own while others may still join them. */
const EARLY_BATCH_RECORDS_MIN = 16;
/** How fast the memory of a busier time fades, per batch. */
const LOAD_DECAY = 0.9;

export interface QueuedRecord extends PreparedRecord {
  readonly session: LiveSession;
  readonly resolve: (at: FramePosition) => void;
  readonly reject: (error: AegisError) => void;
}

export interface AppendQueueOptions {
  readonly end: LogEnd;
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly segmentBytes: number;
  /** Runs the work soon, after what else is ready now: records of one moment share a batch. */
  readonly defer: (work: () => void) => void;
  /** Called for each record that has become durable, before its caller is answered. */
  readonly onDurable: (record: QueuedRecord, at: FramePosition) => void;
}

export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #writer: LogWriter;
  #queued: QueuedRecord[] = [];
  #queuedBytes = 0;
  readonly #memory = new BatchMemory();
  #keys: KeyAppend[] = [];
  #note: Uint8Array | undefined;
  #written: { readonly records: readonly QueuedRecord[]; readonly built: BuiltBatch }[] = [];
  #end: LogEnd;
  #durableEnd: LogEnd;
  #scheduled = false;
  #drained: (() => void)[] = [];
  #settled: (() => void)[] = [];
  #paused = 0;
  /** Records on their way at the busiest of late. */
  #load = 0;

  constructor(writer: LogWriter, options: AppendQueueOptions) {
    this.#options = options;
    this.#writer = writer;
    this.#end = options.end;
    this.#durableEnd = options.end;
  }

  /**
   * Runs the work while no batch is with the writer and none is sent; what is appended meanwhile waits.
   * @throws whatever the work throws.
   */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    this.#paused++;
    try {
      while (this.#written.length > 0) await new Promise<void>((resolve) => this.#settled.push(resolve));
      return await work();
    } finally {
      this.#paused--;
      this.#schedule();
    }
  }

  /** Records queued or with the writer. */
  get depth(): number {
    return this.#queued.length + this.#written.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** End of what is durable. */
  get durableEnd(): LogEnd {
    return this.#durableEnd;
  }

  /** @throws AegisError `limit-exceeded` when nothing more may wait. */
  assertRoom(): void {
    const { recordsMax, bytesMax } = this.#options;
    if (this.depth >= recordsMax || this.#queuedBytes >= bytesMax) {
      throw new AegisError("limit-exceeded", "the evidence queue is full, try again when the disk has caught up", {
        retryable: true,
      });
    }
  }

  add(record: QueuedRecord): void {
    record.session.pending++;
    this.#queued.push(record);
    this.#queuedBytes += frameBytes(record.record);
    if (this.#queued.length >= Math.max(EARLY_BATCH_RECORDS_MIN, this.#load / 2) && this.#canSend()) this.#send();
    else this.#schedule();
  }

  #canSend(): boolean {
    return this.#paused === 0 && this.#written.length < BATCHES_WITH_WRITER_MAX;
  }

  /** Goes with the next batch, before its records. */
  addKeys(append: KeyAppend): void {
    this.#keys.push(append);
  }

  /** Kept in the log's own history with the next batch. */
  addNote(note: Uint8Array): void {
    this.#note = note;
  }

  #schedule(): void {
    if (this.#scheduled || this.#queued.length === 0 || !this.#canSend()) return;
    this.#scheduled = true;
    this.#options.defer(() => {
      this.#scheduled = false;
      if (!this.#canSend()) return;
      this.#send();
      this.#schedule();
    });
  }

  #send(): void {
    const count = this.#batchSize();
    if (count === 0) return;
    this.#load = Math.max(this.depth, this.#load * LOAD_DECAY);
    const records = this.#queued.slice(0, count);
    this.#queued = this.#queued.slice(count);
    const built = buildBatch(
      this.#end,
      records.map(({ record }) => record),
      {
        note: this.#note,
        keys: this.#keys,
        segmentBytes: this.#options.segmentBytes,
        memory: (bytes) => this.#memory.take(bytes),
      },
    );
    this.#note = undefined;
    this.#keys = [];
    this.#queuedBytes -= records.reduce((sum, { record }) => sum + frameBytes(record), 0);
    this.#end = built.end;
    this.#written.push({ records, built });
    this.#writer.commit(built.batch);
  }

  #batchSize(): number {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queued) {
      bytes += frameBytes(record);
      if (count === BATCH_RECORDS_MAX || (bytes > BATCH_BYTES_MAX && count > 0)) break;
      count++;
    }
    return count;
  }

  /** The writer has made the oldest batch durable. */
  onCommitted(memory: ArrayBuffer): void {
    this.#memory.giveBack(memory);
    const done = this.#written.shift();
    if (done === undefined) return;
    this.#durableEnd = done.built.end;
    done.records.forEach((record, i) => {
      const at = done.built.positions[i];
      if (at === undefined) return;
      record.session.pending--;
      this.#options.onDurable(record, at);
      record.resolve(at);
    });
    this.#schedule();
    if (this.#written.length === 0) release(this.#settled);
    if (this.depth === 0) release(this.#drained);
  }

  /** Resolves when everything queued now has been answered. */
  async drain(): Promise<void> {
    if (this.depth > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /** Nothing more becomes durable. */
  rejectAll(error: AegisError): void {
    const all = [...this.#written.flatMap(({ records }) => records), ...this.#queued];
    this.#written = [];
    this.#queued = [];
    for (const { reject } of all) reject(error);
    release(this.#settled);
    release(this.#drained);
  }
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

/**
 * The writing side as the log sees it, whichever thread it runs in: orders go in, and each is answered in order.
 * `startInlineWriter` works in this thread (simulations, memory); `startThreadWriter` in a worker (the product).
 */
import type { Ed25519Signer } from "@aegisflow/evidence";
import type { Batch } from "./batch.ts";
import type { FileSystem } from "./file-system.ts";
import { SegmentWriter, type SignedCheckpoint, type WriterStart } from "./segment-writer.ts";

export interface LogWriter {
  /** Takes over the batch's memory. Answered by `committed`. */
  commit(batch: Batch): void;
  /** Answered by `checkpointed`. */
  checkpoint(): void;
  /** Answered by `keysReplaced`. */
  replaceKeys(shard: number, bytes: Uint8Array): void;
  /** Answered by `closed`, after everything before it. */
  close(): void;
}

/** Answers, in the order of the calls; after `failed` there are no more. */
export interface WriterEvents {
  /** The oldest batch that was not answered yet is durable; its memory comes back. */
  readonly committed: (memory: ArrayBuffer) => void;
  /** Undefined when there was nothing new to sign. */
  readonly checkpointed: (checkpoint: SignedCheckpoint | undefined) => void;
  readonly keysReplaced: () => void;
  readonly closed: () => void;
  readonly failed: (error: Error) => void;
}

export type StartWriter = (start: WriterStart, events: WriterEvents) => LogWriter;

/** Does the work at once, in this thread; answers come in microtasks. */
export function startInlineWriter(files: FileSystem, signer: Ed25519Signer): StartWriter {
  return (start, events) => {
    const writer = new SegmentWriter(files, signer, start);
    let failed = false;
    const answer = <T>(work: () => T, tell: (result: T) => void): void => {
      if (failed) return;
      try {
        const result = work();
        queueMicrotask(() => tell(result));
      } catch (error) {
        failed = true;
        queueMicrotask(() => events.failed(error instanceof Error ? error : new Error(String(error))));
      }
    };
    return {
      commit: (batch) =>
        answer(
          () => writer.commit(batch),
          () => events.committed(batch.memory),
        ),
      checkpoint: () => answer(() => writer.checkpoint(), events.checkpointed),
      replaceKeys: (shard, bytes) => answer(() => writer.replaceKeys(shard, bytes), events.keysReplaced),
      close: () => answer(() => writer.close(), events.closed),
    };
  };
}

/**
 * The writer in its own thread, so that waiting for the disk never stops the server. The thread opens the folder
 * itself and reads the signing seed itself; of the session keys it gets those of the records it seals. Entry file: `segment-writer-worker.ts`; a
 * compiled binary must name it as an additional entry point.
 */
import { Worker } from "node:worker_threads";
import { AegisError, errorText } from "@aegisflow/core";
import type { Batch } from "./batch.ts";
import type { StartWriter, WriterEvents } from "./log-writer.ts";
import type { SignedCheckpoint, WriterStart } from "./segment-writer.ts";

export interface WriterThreadData {
  readonly folder: string;
  readonly start: WriterStart;
}

export type WriterOrder =
  | { readonly kind: "commit"; readonly batch: Batch }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "replace-keys"; readonly shard: number; readonly bytes: Uint8Array }
  | { readonly kind: "close" };

export type WriterAnswer =
  | { readonly kind: "committed"; readonly memory: ArrayBuffer }
  | { readonly kind: "checkpointed"; readonly checkpoint: SignedCheckpoint | undefined }
  | { readonly kind: "keys-replaced" }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string };

export function startThreadWriter(folder: string): StartWriter {
  return (start, events) => {
    const data: WriterThreadData = { folder, start };
    const worker = new Worker(new URL("./segment-writer-worker.ts", import.meta.url), { workerData: data });
    let done = false;
    const fail = (message: string): void => {
      if (done) return;
      done = true;
      events.failed(new AegisError("unavailable", "the evidence log's writer has failed", { detail: message }));
    };
    worker.on("message", (answer: WriterAnswer) => {
      if (answer.kind === "failed") return fail(answer.message);
      if (answer.kind === "closed") done = true;
      tell(events, answer);
    });
    worker.on("error", (error) => fail(errorText(error)));
    worker.on("exit", (code) => fail(`the writing thread ended with code ${code}`));
    const order = (message: WriterOrder, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);
    return {
      commit: (batch) => order({ kind: "commit", batch }, [batch.memory]),
      checkpoint: () => order({ kind: "checkpoint" }),
      replaceKeys: (shard, bytes) => order({ kind: "replace-keys", shard, bytes }),
      close: () => order({ kind: "close" }),
    };
  };
}

function tell(events: WriterEvents, answer: Exclude<WriterAnswer, { kind: "failed" }>): void {
  switch (answer.kind) {
    case "committed":
      events.committed(answer.memory);
      return;
    case "checkpointed":
      events.checkpointed(answer.checkpoint);
      return;
    case "keys-replaced":
      events.keysReplaced();
      return;
    case "closed":
      events.closed();
      return;
  }
}

/**
 * Entry of the writing thread: carries out orders one by one, synchronously, and answers each. The first error ends
 * it: after a failed write or sync nothing it could still do would be worth an acknowledgement.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assertNever, assertThat, errorText } from "@aegisflow/core";
import { createEd25519Signer } from "@aegisflow/evidence/node-crypto";
import { readWhole } from "./file-system.ts";
import { LOG_SEED_PATH } from "./key-files.ts";
import { createNodeFileSystem } from "./node-file-system.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { WriterAnswer, WriterOrder, WriterThreadData } from "./thread-writer.ts";

const port = parentPort;
assertThat(port !== null, "the segment writer runs as a worker thread");
const { folder, start }: WriterThreadData = workerData;

/** A batch's memory goes back with its answer. */
const answer = (message: WriterAnswer): void =>
  port.postMessage(message, message.kind === "committed" ? [message.memory] : []);

let writer: SegmentWriter | undefined;
try {
  const files = createNodeFileSystem(folder);
  const seed = readWhole(files, LOG_SEED_PATH) ?? new Uint8Array(0);
  const opened = new SegmentWriter(files, createEd25519Signer(seed), start);
  writer = opened;
  port.on("message", (order: WriterOrder) => {
    try {
      answer(carryOut(opened, order));
      if (order.kind === "close") port.close();
    } catch (error) {
      giveUp(error);
    }
  });
} catch (error) {
  giveUp(error);
}

function giveUp(error: unknown): void {
  answer({ kind: "failed", message: errorText(error) });
  writer?.close();
  port?.close();
}

function carryOut(writer: SegmentWriter, order: WriterOrder): WriterAnswer {
  switch (order.kind) {
    case "commit":
      writer.commit(order.batch);
      return { kind: "committed", memory: order.batch.memory };
    case "checkpoint":
      return { kind: "checkpointed", checkpoint: writer.checkpoint() };
    case "replace-keys":
      writer.replaceKeys(order.shard, order.bytes);
      return { kind: "keys-replaced" };
    case "close":
      writer.close();
      return { kind: "closed" };
    default:
      return assertNever(order, "order to the segment writer");
  }
}

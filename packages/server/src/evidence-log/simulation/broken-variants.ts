/**
 * Deliberately broken variants of the log: each is one edit of one source file. A copy of the sources with the edit
 * is run through the crash simulation and the scenarios, which must notice. An edit whose text is no longer there
 * is an error, so the list cannot rot.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BrokenVariant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** `crash simulation`, or the name of the scenario that notices. */
  readonly caughtBy: string;
  /** A world that gives it away, where that is rare. */
  readonly seed?: number;
}

const CRASHES = "crash simulation";

export const BROKEN_VARIANTS: readonly BrokenVariant[] = [
  {
    name: "no fdatasync before the acknowledgement",
    file: "segment-writer.ts",
    find: "      file.datasync();\n      this.#offset",
    replace: "      this.#offset",
    caughtBy: CRASHES,
  },
  {
    name: "a failed fdatasync is tried again",
    file: "segment-writer.ts",
    find: "      file.datasync();\n      this.#offset",
    replace: "      try { file.datasync(); } catch { file.datasync(); }\n      this.#offset",
    caughtBy: CRASHES,
  },
  {
    name: "no directory sync for a new segment",
    file: "segment-writer.ts",
    find: '    this.#files.syncFolder("segments");\n',
    replace: "",
    caughtBy: CRASHES,
  },
  {
    name: "no sync of a new segment's header",
    file: "segment-writer.ts",
    find: "    writeFully(file, encodeSegmentHeader(header), 0);\n    file.sync();\n",
    replace: "    writeFully(file, encodeSegmentHeader(header), 0);\n",
    caughtBy: CRASHES,
  },
  {
    name: "acknowledges before the batch is durable",
    file: "log-writer.ts",
    find: "          () => writer.commit(batch),\n          () => events.committed(batch.memory),",
    replace:
      "          () => { queueMicrotask(() => events.committed(batch.memory)); writer.commit(batch); },\n          () => {},",
    caughtBy: CRASHES,
  },
  {
    name: "acknowledges a batch whose write failed",
    file: "log-writer.ts",
    find: "        failed = true;\n        queueMicrotask(() => events.failed(",
    replace: "        queueMicrotask(() => tell(undefined as never)); void ((",
    caughtBy: CRASHES,
  },
  {
    name: "takes a short write for a whole one",
    file: "file-system.ts",
    find: "    done += written;\n  }\n}\n\n/** Up to",
    replace: "    done = bytes.length;\n  }\n}\n\n/** Up to",
    caughtBy: CRASHES,
  },
  {
    name: "the last batch is not written again at recovery",
    file: "tail-repair.ts",
    find: "if (scan.lastBatch !== undefined) writeFully(",
    replace: "if (scan.lastBatch === null) writeFully(",
    caughtBy: CRASHES,
  },
  {
    name: "what survives of a batch is not marked as its end",
    file: "tail-repair.ts",
    find: "  if (batch.ended) return batch.bytes;",
    replace: "  if (batch.bytes.length > 0) return batch.bytes;",
    caughtBy: CRASHES,
  },
  {
    name: "a torn tail is not cut off",
    file: "tail-repair.ts",
    find: "if (scan.torn !== undefined) file.truncate(scan.torn.offset);",
    replace: "",
    caughtBy: CRASHES,
  },
  {
    name: "the lock file is written without a sync",
    file: "lock-store.ts",
    find: "(slot.counter % 2) * SLOT_STRIDE);\n  file.datasync();",
    replace: "(slot.counter % 2) * SLOT_STRIDE);",
    caughtBy: CRASHES,
  },
  {
    name: "a lock slot that was never synced is built upon",
    file: "lock-store.ts",
    find: "  settle(file);\n",
    replace: "",
    caughtBy: CRASHES,
    seed: 2109,
  },
  {
    name: "both lock slots are the same one",
    file: "lock-store.ts",
    find: "  writeFully(file, encodeSlot(slot), (slot.counter % 2) * SLOT_STRIDE);",
    replace: "  writeFully(file, encodeSlot(slot), SLOT_STRIDE);",
    caughtBy: CRASHES,
  },
  {
    name: "keys are not durable before their records",
    file: "key-file-writer.ts",
    find: "    writeFully(file, bytes, this.#end);\n    file.datasync();\n",
    replace: "    writeFully(file, bytes, this.#end);\n",
    caughtBy: CRASHES,
  },
  {
    name: "the index knows keys that are not durable yet",
    file: "index-saver.ts",
    find: "        keyIdMax: this.#keyIdMax,",
    replace: "        keyIdMax: Math.max(this.#keyIdMax, ...[...this.#sessions.all()].map(({ keyId }) => keyId)),",
    caughtBy: CRASHES,
  },
  {
    name: "what a dead process had renamed is taken for durable",
    file: "start-evidence-log.ts",
    find: '  for (const folder of ["", KEYS_FOLDER]) files.syncFolder(folder);\n',
    replace: "",
    caughtBy: CRASHES,
  },
  {
    name: "interrupted actions get no outcome",
    file: "log-opening.ts",
    find: "unfinished.flatMap(unknownOutcomes)",
    replace: "unfinished.slice(0, 0).flatMap(unknownOutcomes)",
    caughtBy: CRASHES,
  },
  {
    name: "damage to acknowledged frames is cut off like a torn tail",
    file: "segment-scan.ts",
    find: "if (hasLaterFrame(bytes, offset - from, writingBatch(cursor))) {",
    replace: "if (bytes.length < offset - from) {",
    caughtBy: "refuses with 78 when an acknowledged frame before others is damaged",
  },
  {
    name: "frame checksums are not compared",
    file: "segment-format.ts",
    find: "bytes.readUInt32LE(at + 4) !== crc32(bytes.subarray(at + 8, end))",
    replace: "bytes.length < end",
    caughtBy: CRASHES,
  },
  {
    name: "the link to the record before is not compared",
    file: "recovery.ts",
    find: "header.prev === (session.seq < 0 ? NO_PREDECESSOR : session.leaf) &&",
    replace: "",
    caughtBy: "refuses a record whose link to its predecessor was changed, checksum and all",
  },
  {
    name: "the root is not compared with the signed one",
    file: "recovery.ts",
    find: "if (tree.size === signed.size && tree.rootHex() !== signed.root)",
    replace: "if (tree.size < 0)",
    caughtBy: "refuses a last record that was rewritten after it was signed",
  },
  {
    name: "the size is not compared with the signed one",
    file: "recovery.ts",
    find: "scan.end.size < signed.size",
    replace: "scan.end.size < 0",
    caughtBy: "refuses with 79 when records behind a checkpoint are cut off",
  },
  {
    name: "a lock file older than the checkpoint is believed",
    file: "recovery.ts",
    find: "if (size !== undefined && size > signed.size) throw",
    replace: "if (size !== undefined && size < 0) throw",
    caughtBy: "refuses with 79 when the lock file is older than the checkpoint",
  },
  {
    name: "signs without asking the lock file",
    file: "segment-writer.ts",
    find: "      this.#lock.swap(this.#signed, next);\n",
    replace: "",
    caughtBy: "never signs two roots for one size, even when two processes write",
  },
  {
    name: "an erased key stays in the key file",
    file: "key-tree.ts",
    find: "nodes: puncture(set, seq), kept:",
    replace: "nodes: set.nodes, kept:",
    caughtBy: "leaves nothing on the disk that opens an erased value, and everything else readable",
  },
  {
    name: "an erasure is carried out without having been recorded first",
    file: "log-operations.ts",
    find: "  const written = await core.append(record);\n",
    replace: "",
    caughtBy: "erases and records the erasure together, whichever operation a crash interrupts",
  },
  {
    name: "an interrupted erasure is forgotten",
    file: "log-opening.ts",
    find: "if (erasure !== undefined) await",
    replace: "if (erasure === null) await",
    caughtBy: "erases and records the erasure together, whichever operation a crash interrupts",
  },
  {
    name: "one person may erase",
    file: "session-erasure.ts",
    find: "requesterRef === authorityRef",
    replace: "requesterRef === null",
    caughtBy: "erases nothing without a second person",
  },
  {
    name: "the queue has no bound",
    file: "append-queue.ts",
    find: "if (this.depth >= recordsMax || this.#queuedBytes >= bytesMax) {",
    replace: "if (recordsMax < 0 || bytesMax < 0) {",
    caughtBy: "refuses records beyond the queue's limit and takes them again later",
  },
  {
    name: "values are stored in the clear",
    file: "segment-writer.ts",
    find: "    sealBody(body, seals.subarray(at + 8, at + SEAL_BYTES));",
    replace: "    body.subarray(0);",
    caughtBy: "keeps disclosed values out of headers, tiles, checkpoints and every other file",
  },
];

export interface VariantSources {
  /** Absolute path of a source file of the variant. */
  path(name: string): string;
  remove(): void;
}

/** A copy of this folder's sources with the edit. @throws Error when the text to edit is not there exactly once. */
export function copyWithEdit(variant: BrokenVariant): VariantSources {
  const folder = join(import.meta.dirname, "..");
  const root = mkdtempSync(join(tmpdir(), "aegisflow-variant-"));
  const copy = join(root, "src", "evidence-log");
  mkdirSync(copy, { recursive: true });
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  symlinkSync(join(folder, "../../../../node_modules"), join(root, "node_modules"), "dir");
  const edited = join(copy, variant.file);
  const parts = readFileSync(edited, "utf8").split(variant.find);
  if (parts.length !== 2) {
    rmSync(root, { recursive: true });
    throw new Error(`\`${variant.name}\`: its text stands ${parts.length - 1} times in ${variant.file}`);
  }
  writeFileSync(edited, parts.join(variant.replace));
  return { path: (name) => join(copy, name), remove: () => rmSync(root, { recursive: true, force: true }) };
}

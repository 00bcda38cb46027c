/**
 * Proofs under the newest checkpoint, made from the tiles and checked before they are given out. Tiles that a power
 * cut took are made anew from the segments, once.
 */
import { AegisError, isAegisError } from "@aegisflow/core";
import {
  consistencyProof,
  formatTlogProof,
  fromHex,
  inclusionProof,
  type NodeReader,
  nodeHash,
  recordLeaf,
  toHex,
  verifyConsistency,
  verifyInclusion,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { FileSystem } from "./file-system.ts";
import { readPayload } from "./record-payload.ts";
import { scanLog } from "./segment-scan.ts";
import type { SignedCheckpoint } from "./segment-writer.ts";
import { createNodeReader, createTileWriter } from "./tile-store.ts";
import { GrowingTree } from "./tree-edge.ts";

export interface Inclusion {
  readonly index: number;
  /** Lowest sibling first. */
  readonly path: readonly Uint8Array[];
}

/** Proofs that these records stand in the tree of the checkpoint, in their order. */
export function proveInclusions(
  files: FileSystem,
  checkpoint: SignedCheckpoint,
  records: readonly { readonly index: number; readonly leaf: string }[],
): readonly Inclusion[] {
  return withTiles(files, checkpoint, (read) =>
    records.map(({ index, leaf }) => {
      const path = inclusionProof(nodeCrypto, index, checkpoint.size, read);
      const { size } = checkpoint;
      const claim = { leaf: fromHex(leaf), index, size, root: fromHex(checkpoint.root), proof: path };
      if (!verifyInclusion(nodeCrypto, claim)) throw badProof();
      return { index, path };
    }),
  );
}

/** The proof of one log index as a C2SP tlog-proof file. @throws AegisError `not-found` beyond the checkpoint. */
export function proveIndex(files: FileSystem, checkpoint: SignedCheckpoint | undefined, index: number): string {
  if (checkpoint === undefined || !Number.isSafeInteger(index) || index < 0 || index >= checkpoint.size) {
    throw new AegisError("not-found", `no checkpoint covers log index ${index} yet`);
  }
  const leaf = withTiles(files, checkpoint, (read) => toHex(read(0, index)));
  const [inclusion] = proveInclusions(files, checkpoint, [{ index, leaf }]);
  return formatTlogProof({ index, proof: inclusion?.path ?? [], checkpoint: checkpoint.note });
}

/** That the log of `from` records is the beginning of the log of `to`. @throws AegisError `not-found` beyond the checkpoint. */
export function proveConsistency(
  files: FileSystem,
  checkpoint: SignedCheckpoint | undefined,
  from: number,
  to: number,
): readonly string[] {
  const inOrder = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && from <= to;
  if (checkpoint === undefined || !inOrder || to > checkpoint.size) {
    throw new AegisError("not-found", "choose sizes between 1 and the newest checkpoint's, in order");
  }
  return withTiles(files, checkpoint, (read) => {
    const proof = checkedConsistency(read, from, to, undefined);
    checkedConsistency(read, to, checkpoint.size, checkpoint.root);
    return proof.map(toHex);
  });
}

function checkedConsistency(
  read: NodeReader,
  from: number,
  to: number,
  signed: string | undefined,
): readonly Uint8Array[] {
  const proof = consistencyProof(nodeCrypto, from, to, read);
  const secondRoot = signed === undefined ? rootAt(read, to) : fromHex(signed);
  const claim = { firstSize: from, firstRoot: rootAt(read, from), secondSize: to, secondRoot, proof };
  if (!verifyConsistency(nodeCrypto, claim)) throw badProof();
  return proof;
}

/** Root of the tree's first `size` leaves. */
export function rootAt(read: NodeReader, size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let start = 0, level = 52; start < size; level--) {
    if (start + 2 ** level > size) continue;
    parts.push(read(level, start / 2 ** level));
    start += 2 ** level;
  }
  return parts.reduceRight((right, left) => nodeHash(nodeCrypto, left, right));
}

function badProof(): AegisError {
  return new AegisError("corrupt", "a proof does not lead to the signed checkpoint, check the evidence folder");
}

function withTiles<T>(files: FileSystem, checkpoint: SignedCheckpoint, work: (read: NodeReader) => T): T {
  try {
    return work(createNodeReader(files, checkpoint.edge));
  } catch (error) {
    if (!isAegisError(error) || error.code !== "corrupt") throw error;
    rebuildTiles(files, checkpoint.size);
    return work(createNodeReader(files, checkpoint.edge));
  }
}

/** Makes the full tiles of the first `size` records anew, from the stored headers. */
export function rebuildTiles(files: FileSystem, size: number): void {
  const tree = new GrowingTree();
  const writer = createTileWriter(files);
  const beginning = { segment: 0, offset: 0, batch: 0, size: 0, lastLeaf: new Uint8Array(32) };
  scanLog(files, beginning, {
    checkpoint: () => {},
    record: (payload, index) => {
      const leaf = fromHex(recordLeaf(nodeCrypto, readPayload(payload)?.header ?? ""));
      if (index < size) tree.append(leaf);
      writer.writeFull(tree.takeFullTiles());
      return leaf;
    },
  });
}

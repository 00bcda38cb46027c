/**
 * The Merkle tree of RFC 6962 §2.1: hashes, and the compact range that lets a log grow and know its root while
 * holding at most 53 hashes. Proofs are in `merkle-proof`.
 */
import type { HashPort } from "./crypto-port.ts";
import { utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";

export const HASH_BYTES = 32;

/** MTH of one entry: SHA-256(0x00 ‖ entry). A string means its UTF-8 bytes. */
export function leafHash(hash: HashPort, entry: Uint8Array | string): Uint8Array {
  const bytes = typeof entry === "string" ? utf8Encode(entry) : entry;
  const prefixed = new Uint8Array(bytes.length + 1);
  prefixed.set(bytes, 1);
  return hash.sha256(prefixed);
}

/** Inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(hash: HashPort, left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = new Uint8Array(1 + 2 * HASH_BYTES);
  node[0] = 1;
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash.sha256(node);
}

/** Root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(hash: HashPort): Uint8Array {
  return hash.sha256(new Uint8Array(0));
}

/** Called for every perfect subtree that an append completes, leaves (level 0) included, lowest first. */
export type NodeVisitor = (level: number, index: number, node: Uint8Array) => void;

export interface CompactRange {
  readonly size: number;
  /** Hashes of the perfect subtrees that make up the tree, largest (leftmost) first. */
  readonly hashes: readonly Uint8Array[];
}

/** The range of an empty tree. */
export const EMPTY_RANGE: CompactRange = { size: 0, hashes: [] };

/** A compact range that grows: private state of one log, created from a stored range or from nothing. */
export class GrowingRange {
  readonly #hash: HashPort;
  readonly #hashes: Uint8Array[];
  #size: number;

  /** @throws EvidenceError `malformed` when the number of hashes does not fit the size. */
  constructor(hash: HashPort, from: CompactRange = EMPTY_RANGE) {
    if (from.hashes.length !== countOnes(from.size) || from.hashes.some((node) => node.length !== HASH_BYTES)) {
      throw new EvidenceError("malformed", "compact range does not fit its size");
    }
    this.#hash = hash;
    this.#hashes = [...from.hashes];
    this.#size = from.size;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array, visit?: NodeVisitor): void {
    let node = leaf;
    let level = 0;
    let index = this.#size;
    visit?.(level, index, node);
    while (index % 2 === 1) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new EvidenceError("malformed", "compact range lost a hash");
      node = nodeHash(this.#hash, left, node);
      level++;
      index = (index - 1) / 2;
      visit?.(level, index, node);
    }
    this.#hashes.push(node);
    this.#size++;
  }

  root(): Uint8Array {
    let root = this.#hashes.at(-1);
    if (root === undefined) return emptyRoot(this.#hash);
    for (let i = this.#hashes.length - 2; i >= 0; i--) root = nodeHash(this.#hash, this.#hashes[i] ?? root, root);
    return root;
  }

  /** A copy of the state, to store or to continue from. */
  snapshot(): CompactRange {
    return { size: this.#size, hashes: [...this.#hashes] };
  }
}

/** Number of perfect subtrees of a tree of this size. */
export function countOnes(size: number): number {
  assertTreeSize(size);
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

/** @throws EvidenceError `out-of-range` unless a whole number that a double holds exactly. */
export function assertTreeSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new EvidenceError("out-of-range", "tree size must be a whole number up to 2^53-1");
}

/** Root of a tree whose leaf hashes are all at hand. */
export function treeRoot(hash: HashPort, leaves: readonly Uint8Array[]): Uint8Array {
  const range = new GrowingRange(hash);
  for (const leaf of leaves) range.append(leaf);
  return range.root();
}

/**
 * Inclusion and consistency proofs of RFC 6962 §2.1.1-2.1.2, built from any store of perfect-subtree hashes and
 * verified by the iterative algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2. Sizes go up to 2^53-1, so indices are
 * halved by division: JavaScript's shifts stop at 32 bits.
 */
import type { HashPort } from "./crypto-port.ts";
import { equalBytes } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { assertTreeSize, emptyRoot, HASH_BYTES, nodeHash } from "./merkle.ts";

/** Hash of the perfect subtree with 2^level leaves that starts at leaf index*2^level. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** No proof in a tree of 2^53 leaves is longer. */
export const PROOF_HASHES_MAX = 63;

/** Hash of the leaves [start, end), where start is a multiple of the smallest power of two >= end - start. */
function rangeRoot(hash: HashPort, start: number, end: number, read: NodeReader): Uint8Array {
  const count = end - start;
  const level = levelOfPerfect(count);
  if (level !== undefined) return read(level, start / count);
  const middle = start + splitPoint(count);
  return nodeHash(hash, rangeRoot(hash, start, middle, read), rangeRoot(hash, middle, end, read));
}

/** Level of the root of a perfect tree with this many leaves; undefined when the count is no power of two. */
function levelOfPerfect(count: number): number | undefined {
  let level = 0;
  let rest = count;
  while (rest > 1 && rest % 2 === 0) {
    rest /= 2;
    level++;
  }
  return rest === 1 ? level : undefined;
}

/** Largest power of two smaller than the count, which is at least 2. */
function splitPoint(count: number): number {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

/**
 * The audit path PATH(index, D[size]), lowest sibling first.
 * @throws EvidenceError `out-of-range` when the index is not in the tree.
 */
export function inclusionProof(hash: HashPort, index: number, size: number, read: NodeReader): readonly Uint8Array[] {
  assertTreeSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new EvidenceError("out-of-range", "no inclusion proof: the index is not in the tree");
  }
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    const inLeft = index < middle;
    path.push(inLeft ? rangeRoot(hash, middle, end, read) : rangeRoot(hash, start, middle, read));
    if (inLeft) end = middle;
    else start = middle;
  }
  return path.reverse();
}

/**
 * The consistency proof PROOF(first, D[second]).
 * @throws EvidenceError `out-of-range` unless 0 < first <= second.
 */
export function consistencyProof(
  hash: HashPort,
  first: number,
  second: number,
  read: NodeReader,
): readonly Uint8Array[] {
  assertTreeSize(second);
  if (!Number.isSafeInteger(first) || first <= 0 || first > second) {
    throw new EvidenceError("out-of-range", "no consistency proof: the sizes are not in order");
  }
  const path: Uint8Array[] = [];
  let start = 0;
  let end = second;
  while (first < end) {
    const middle = start + splitPoint(end - start);
    if (first <= middle) {
      path.push(rangeRoot(hash, middle, end, read));
      end = middle;
    } else {
      path.push(rangeRoot(hash, start, middle, read));
      start = middle;
    }
  }
  // SUBPROOF's flag: the old tree's own root is known to the verifier unless a right branch was taken.
  if (start > 0) path.push(rangeRoot(hash, start, end, read));
  return path.reverse();
}

export interface InclusionClaim {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162 §2.1.3.2. Never throws. */
export function verifyInclusion(hash: HashPort, claim: InclusionClaim): boolean {
  const { index, size, proof, root } = claim;
  if (!areSizes(index, size) || index >= size || !areHashes([claim.leaf, root, ...proof])) return false;
  let fn = index;
  let sn = size - 1;
  let computed = claim.leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      computed = nodeHash(hash, sibling, computed);
      [fn, sn] = skipEvenLevels(fn, sn);
    } else {
      computed = nodeHash(hash, computed, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(computed, root);
}

export interface ConsistencyClaim {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162 §2.1.4.2, with the empty tree as a prefix of every tree. Never throws. */
export function verifyConsistency(hash: HashPort, claim: ConsistencyClaim): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot, proof } = claim;
  if (!areSizes(firstSize, secondSize) || firstSize > secondSize || !areHashes([firstRoot, secondRoot, ...proof]))
    return false;
  if (firstSize === secondSize) return proof.length === 0 && equalBytes(firstRoot, secondRoot);
  if (firstSize === 0) return proof.length === 0 && equalBytes(firstRoot, emptyRoot(hash));
  const path = levelOfPerfect(firstSize) === undefined ? proof : [firstRoot, ...proof];
  let fn = firstSize - 1;
  let sn = secondSize - 1;
  while (fn % 2 === 1) {
    fn = (fn - 1) / 2;
    sn = Math.floor(sn / 2);
  }
  const [seed, ...rest] = path;
  if (proof.length === 0 || seed === undefined) return false;
  let fr = seed;
  let sr = seed;
  for (const node of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(hash, node, fr);
      sr = nodeHash(hash, node, sr);
      [fn, sn] = skipEvenLevels(fn, sn);
    } else {
      sr = nodeHash(hash, sr, node);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(fr, firstRoot) && equalBytes(sr, secondRoot);
}

/** "If LSB(fn) is not set, right-shift both until LSB(fn) is set or fn is 0." */
function skipEvenLevels(fn: number, sn: number): [number, number] {
  let low = fn;
  let high = sn;
  while (low !== 0 && low % 2 === 0) {
    low /= 2;
    high = Math.floor(high / 2);
  }
  return [low, high];
}

function areSizes(...sizes: readonly number[]): boolean {
  return sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= PROOF_HASHES_MAX + 2 && hashes.every((node) => node.length === HASH_BYTES);
}

/** A node reader over leaf hashes that are all at hand; each node is hashed once. */
export function readerOfLeaves(hash: HashPort, leaves: readonly Uint8Array[]): NodeReader {
  const known = new Map<string, Uint8Array>();
  const read: NodeReader = (level, index) => {
    if (level === 0) {
      const leaf = leaves[index];
      if (leaf === undefined) throw new EvidenceError("out-of-range", "no such leaf");
      return leaf;
    }
    const name = `${level}/${index}`;
    const node = known.get(name) ?? nodeHash(hash, read(level - 1, index * 2), read(level - 1, index * 2 + 1));
    known.set(name, node);
    return node;
  };
  return read;
}

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, fromHex, toHex, utf8Encode } from "./encoding.ts";
import { countOnes, emptyRoot, GrowingRange, leafHash, nodeHash, treeRoot } from "./merkle.ts";
import {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  readerOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from "./merkle-proof.ts";
import { nodeCrypto as hash } from "./node-crypto.ts";
import { seededRandom } from "./simulation/seeded-random.ts";

const LEAVES = Array.from({ length: 64 }, (_, i) => leafHash(hash, `leaf ${i}`));

/** RFC 6962 §2.1, word for word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return emptyRoot(hash);
  if (leaves.length === 1) return only;
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return nodeHash(hash, naiveRoot(leaves.slice(0, half)), naiveRoot(leaves.slice(half)));
}

describe("Merkle tree", () => {
  test("has the roots of RFC 6962's test tree", () => {
    const entries = [
      "",
      "00",
      "10",
      "2021",
      "3031",
      "40414243",
      "5051525354555657",
      "606162636465666768696a6b6c6d6e6f",
    ];
    const leaves = entries.map((entry) => leafHash(hash, fromHex(entry)));
    const roots = leaves.map((_, i) => toHex(treeRoot(hash, leaves.slice(0, i + 1))));
    expect(toHex(emptyRoot(hash))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(roots[0]).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    expect(roots[1]).toBe("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    expect(roots[2]).toBe("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
    expect(roots[7]).toBe("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  });

  test("a compact range knows every root, continues from a stored state and names each finished node once", () => {
    const range = new GrowingRange(hash);
    const nodes = new Map<string, string>();
    LEAVES.forEach((leaf, i) => {
      const resumed = new GrowingRange(hash, range.snapshot());
      range.append(leaf, (level, index, node) => nodes.set(`${level}/${index}`, toHex(node)));
      resumed.append(leaf);
      const root = toHex(naiveRoot(LEAVES.slice(0, i + 1)));
      expect([range.size, toHex(range.root()), toHex(resumed.root())]).toEqual([i + 1, root, root]);
    });
    expect(nodes.size).toBe(127);
    const read = readerOfLeaves(hash, LEAVES);
    for (const [name, node] of nodes) {
      const [level = 0, index = 0] = name.split("/").map(Number);
      expect(toHex(read(level, index))).toBe(node);
    }
  });

  test("a compact range refuses a state that is none", () => {
    expect(() => new GrowingRange(hash, { size: 3, hashes: [] })).toThrow("does not fit");
    expect(() => new GrowingRange(hash, { size: 1, hashes: [new Uint8Array(31)] })).toThrow("does not fit");
    expect(() => countOnes(2 ** 53)).toThrow("tree size");
  });
});

describe("inclusion and consistency proofs", () => {
  test("are complete and sound for every index and size up to 64", () => {
    for (let size = 1; size <= 64; size++) {
      const leaves = LEAVES.slice(0, size);
      const read = readerOfLeaves(hash, leaves);
      const root = treeRoot(hash, leaves);
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(hash, index, size, read);
        const claim = { leaf: LEAVES[index] ?? root, index, size, root, proof };
        expect(verifyInclusion(hash, claim)).toBe(true);
        // Sound: no other leaf, and no other index has this proof.
        for (let other = 0; other < size; other++) {
          if (other !== index && verifyInclusion(hash, { ...claim, index: other }))
            throw new Error(`${index} of ${size} passes as ${other}`);
        }
        expect(verifyInclusion(hash, { ...claim, leaf: root, proof: [...proof, root] })).toBe(false);
        const firstRoot = treeRoot(hash, leaves.slice(0, index + 1));
        const between = {
          firstSize: index + 1,
          firstRoot,
          secondSize: size,
          secondRoot: root,
          proof: consistencyProof(hash, index + 1, size, read),
        };
        expect(verifyConsistency(hash, between)).toBe(true);
        expect(verifyConsistency(hash, { ...between, firstSize: index })).toBe(false);
        expect(verifyConsistency(hash, { ...between, firstRoot: root })).toBe(index + 1 === size);
      }
    }
  });

  test("hold for sparse trees up to 2^40 leaves, and for nothing else", () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 20 }),
      fc.maxSafeNat().map((n) => 1 + (n % 2 ** 40)),
    );
    fc.assert(
      fc.property(size, fc.maxSafeNat(), fc.nat(), (count, place, mutation) => {
        const index = place % count;
        const { read, leaf, root } = sparseTree(index, count);
        const claim = { leaf, index, size: count, root, proof: inclusionProof(hash, index, count, read) };
        expect(verifyInclusion(hash, claim)).toBe(true);
        expect(verifyInclusion(hash, { ...claim, ...mutateProof(claim.proof, mutation) })).toBe(false);
        if (index === 0) return;
        const older = sparseTree(count, index);
        const between = {
          firstSize: index,
          firstRoot: older.root,
          secondSize: count,
          secondRoot: root,
          proof: consistencyProof(hash, index, count, read),
        };
        expect(verifyConsistency(hash, between)).toBe(true);
        expect(verifyConsistency(hash, { ...between, ...mutateProof(between.proof, mutation) })).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test("every changed byte of a proof is noticed", () => {
    const random = seededRandom(3);
    const read = readerOfLeaves(hash, LEAVES);
    const root = treeRoot(hash, LEAVES);
    for (let i = 0; i < 2000; i++) {
      const index = random.below(64);
      const proof = inclusionProof(hash, index, 64, read).map((node) => node.slice());
      const node = proof[random.below(proof.length)] ?? root;
      flipBit(node, random.below(32 * 8));
      expect(verifyInclusion(hash, { leaf: LEAVES[index] ?? root, index, size: 64, root, proof })).toBe(false);
    }
  });

  test("an old tree grows only into trees that contain it", () => {
    const root = treeRoot(hash, LEAVES);
    const empty = emptyRoot(hash);
    const base = { firstSize: 0, firstRoot: empty, secondSize: 64, secondRoot: root, proof: [] };
    expect(verifyConsistency(hash, base)).toBe(true);
    expect(verifyConsistency(hash, { ...base, firstRoot: root })).toBe(false);
    expect(verifyConsistency(hash, { ...base, proof: [root] })).toBe(false);
    expect(verifyConsistency(hash, { ...base, firstSize: 64, firstRoot: root })).toBe(true);
    expect(verifyConsistency(hash, { ...base, firstSize: 65 })).toBe(false);
    expect(verifyConsistency(hash, { ...base, firstSize: 0.5 })).toBe(false);
  });

  test("are refused outside the tree", () => {
    const read = readerOfLeaves(hash, LEAVES);
    expect(() => inclusionProof(hash, 64, 64, read)).toThrow("not in the tree");
    expect(() => inclusionProof(hash, -1, 64, read)).toThrow("not in the tree");
    expect(() => consistencyProof(hash, 0, 64, read)).toThrow("not in order");
    expect(() => consistencyProof(hash, 65, 64, read)).toThrow("not in order");
    expect(() => readerOfLeaves(hash, [])(0, 0)).toThrow("no such leaf");
  });
});

/** A tree whose leaves are all alike but one, so that any size fits in memory. */
function sparseTree(special: number, size: number): { read: NodeReader; leaf: Uint8Array; root: Uint8Array } {
  const common = [leafHash(hash, "common")];
  const leaf = leafHash(hash, "special");
  const plain = (level: number): Uint8Array => {
    while (common.length <= level) {
      const below = common.at(-1) ?? leaf;
      common.push(nodeHash(hash, below, below));
    }
    return common[level] ?? leaf;
  };
  const read: NodeReader = (level, index) => {
    if (Math.floor(special / 2 ** level) !== index) return plain(level);
    return level === 0 ? leaf : nodeHash(hash, read(level - 1, index * 2), read(level - 1, index * 2 + 1));
  };
  let root: Uint8Array | undefined;
  // Perfect subtrees from right to left, smallest first: the compact range folded up.
  for (let level = 0, rest = size, end = size; rest > 0; level++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 0) continue;
    end -= 2 ** level;
    const node = read(level, end / 2 ** level);
    root = root === undefined ? node : nodeHash(hash, node, root);
  }
  return { read, leaf, root: root ?? leaf };
}

function mutateProof(proof: readonly Uint8Array[], mutation: number): { proof: readonly Uint8Array[] } {
  const extra = leafHash(hash, utf8Encode("extra"));
  const at = proof.length === 0 ? 0 : mutation % proof.length;
  if (proof.length === 0 || mutation % 4 === 0) return { proof: proof.toSpliced(at, 0, extra) };
  if (mutation % 4 === 1) return { proof: proof.toSpliced(at, 1) };
  if (mutation % 4 === 2) return { proof: proof.with(at, extra) };
  return { proof: proof.with(at, concatBytes(proof[at] ?? extra, Uint8Array.of(0))) };
}

function flipBit(bytes: Uint8Array, bit: number): void {
  const at = Math.floor(bit / 8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
}

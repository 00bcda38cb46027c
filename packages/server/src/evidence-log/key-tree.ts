/**
 * The keys of one session as a puncturable tree (Goldreich, Goldwasser, Micali 1986). One random root gives a key to
 * every record, by 16 steps of four branches along its `seq`. Erasing a record replaces the nodes above it by their
 * siblings, so every other key stays derivable and this one is derivable from nothing that is stored any more. What
 * a partly erased record still holds is kept beside the nodes, sealed with them.
 */
import { hash } from "node:crypto";
import { copyOf } from "./segment-format.ts";

export const KEY_BYTES = 32;
/** Steps of two bits: a session has at most 2^32 records. */
export const KEY_TREE_DEPTH = 16;
const BRANCHES = 4;

const STEP_DOMAIN = Buffer.from("aegisflow.dev/key-tree/v1\0", "latin1");

/** Key of a subtree: the `depth` first steps to `seq` are `prefix`. */
export interface KeyNode {
  readonly depth: number;
  readonly prefix: number;
  readonly key: Uint8Array;
}

/** What is left of a record that was erased in part: its body in the clear. */
export interface KeptBody {
  readonly seq: number;
  readonly body: Uint8Array;
}

/** All that is left of a session's keys. */
export interface KeySet {
  readonly nodes: readonly KeyNode[];
  readonly kept: readonly KeptBody[];
}

export function wholeKeySet(root: Uint8Array): KeySet {
  return { nodes: [{ depth: 0, prefix: 0, key: root }], kept: [] };
}

/** SHA-256(domain ‖ parent ‖ branch). */
function step(parent: Uint8Array, branch: number): Uint8Array {
  const preimage = Buffer.allocUnsafe(STEP_DOMAIN.length + KEY_BYTES + 1);
  preimage.set(STEP_DOMAIN);
  preimage.set(parent, STEP_DOMAIN.length);
  preimage[STEP_DOMAIN.length + KEY_BYTES] = branch;
  return hash("sha256", preimage, "buffer");
}

/** The first `depth` steps to a record. */
function prefixOf(seq: number, depth: number): number {
  return Math.floor(seq / BRANCHES ** (KEY_TREE_DEPTH - depth));
}

function nodeAbove(set: KeySet, seq: number): KeyNode | undefined {
  return set.nodes.find((node) => prefixOf(seq, node.depth) === node.prefix);
}

/** The record's key, or undefined when it was erased, even in part. */
export function recordKey(set: KeySet, seq: number): Uint8Array | undefined {
  return new KeyCursor(set).recordKey(seq);
}

/** What is left of a record that was erased in part. */
export function keptBody(set: KeySet, seq: number): Uint8Array | undefined {
  return set.kept.find((left) => left.seq === seq)?.body;
}

/** The set without the record's key; `body` is what stays of the record, if anything. */
export function eraseRecord(set: KeySet, seq: number, body: Uint8Array | undefined): KeySet {
  const others = set.kept.filter((left) => left.seq !== seq);
  return { nodes: puncture(set, seq), kept: body === undefined ? others : [...others, { seq, body }] };
}

function puncture(set: KeySet, seq: number): readonly KeyNode[] {
  const above = nodeAbove(set, seq);
  if (above === undefined) return set.nodes;
  const siblings: KeyNode[] = [];
  let { key } = above;
  for (let depth = above.depth + 1; depth <= KEY_TREE_DEPTH; depth++) {
    const prefix = prefixOf(seq, depth);
    const first = prefix - (prefix % BRANCHES);
    for (let branch = 0; branch < BRANCHES; branch++) {
      if (first + branch !== prefix) siblings.push({ depth, prefix: first + branch, key: step(key, branch) });
    }
    key = step(key, prefix % BRANCHES);
  }
  return [...set.nodes.filter((node) => node !== above), ...siblings];
}

/** Derives the keys of a growing session: remembers the way to the last one, so the next costs little over one step. */
export class KeyCursor {
  readonly #set: KeySet;
  #path: KeyNode[] = [];

  constructor(set: KeySet) {
    this.#set = set;
  }

  /** The record's key, or undefined when it was erased, even in part. */
  recordKey(seq: number): Uint8Array | undefined {
    while (this.#path.length > 0 && !isAbove(this.#path.at(-1), seq)) this.#path.pop();
    let last = this.#path.at(-1) ?? nodeAbove(this.#set, seq);
    if (last !== undefined && this.#path.length === 0) this.#path.push(last);
    while (last !== undefined && last.depth < KEY_TREE_DEPTH) {
      const depth = last.depth + 1;
      const prefix = prefixOf(seq, depth);
      last = { depth, prefix, key: step(last.key, prefix % BRANCHES) };
      this.#path.push(last);
    }
    return last?.key;
  }
}

function isAbove(node: KeyNode | undefined, seq: number): boolean {
  return node !== undefined && prefixOf(seq, node.depth) === node.prefix;
}

const NODE_BYTES = 1 + 4 + KEY_BYTES;
const KEPT_PREFIX_BYTES = 4 + 4;

/** `nodes u32 | {depth u8, prefix u32, key}… | {seq u32, length u32, body}…`, little-endian. */
export function encodeKeySet({ nodes, kept }: KeySet): Buffer {
  const keptBytes = kept.reduce((sum, { body }) => sum + KEPT_PREFIX_BYTES + body.length, 0);
  const bytes = Buffer.alloc(4 + nodes.length * NODE_BYTES + keptBytes);
  let at = bytes.writeUInt32LE(nodes.length, 0);
  for (const { depth, prefix, key } of nodes) {
    at = bytes.writeUInt8(depth, at);
    at = bytes.writeUInt32LE(prefix, at);
    bytes.set(key, at);
    at += KEY_BYTES;
  }
  for (const { seq, body } of kept) {
    at = bytes.writeUInt32LE(seq, at);
    at = bytes.writeUInt32LE(body.length, at);
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** Reads what `encodeKeySet` wrote; the bytes were authenticated before. */
export function decodeKeySet(bytes: Buffer): KeySet {
  const nodeCount = bytes.readUInt32LE(0);
  const nodes = Array.from({ length: nodeCount }, (_, i): KeyNode => {
    const at = 4 + i * NODE_BYTES;
    const key = copyOf(bytes.subarray(at + 5, at + NODE_BYTES));
    return { depth: bytes.readUInt8(at), prefix: bytes.readUInt32LE(at + 1), key };
  });
  const kept: KeptBody[] = [];
  for (let at = 4 + nodeCount * NODE_BYTES; at < bytes.length; ) {
    const start = at + KEPT_PREFIX_BYTES;
    const end = start + bytes.readUInt32LE(at + 4);
    kept.push({ seq: bytes.readUInt32LE(at), body: copyOf(bytes.subarray(start, end)) });
    at = end;
  }
  return { nodes, kept };
}

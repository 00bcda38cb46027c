/**
 * The keys of one session as a puncturable tree (Goldreich, Goldwasser, Micali 1986). One random root gives a key to
 * every record: 32 binary steps along its `seq`. Erasing a record replaces the nodes above it by their siblings, so
 * every other key stays derivable and this one is derivable from nothing that is stored any more. A record's fields
 * have keys of their own below the record's; erasing one of them keeps the others one by one.
 */
import { hash } from "node:crypto";

export const KEY_BYTES = 32;
/** Bits of `seq`: a session has at most 2^32 records. */
export const KEY_TREE_DEPTH = 32;

const STEP_DOMAIN = Buffer.from("aegisflow.dev/key-tree/v1\0", "latin1");
const FIELD_DOMAIN = Buffer.from("aegisflow.dev/field-key/v1\0", "latin1");

/** Key of a subtree: the `depth` first bits of `seq` are `prefix`. */
export interface KeyNode {
  readonly depth: number;
  readonly prefix: number;
  readonly key: Uint8Array;
}

/** Key of one field of a record that was erased in part. */
export interface FieldKey {
  readonly seq: number;
  readonly field: number;
  readonly key: Uint8Array;
}

/** All that is left of a session's keys. */
export interface KeySet {
  readonly nodes: readonly KeyNode[];
  readonly fields: readonly FieldKey[];
}

export function wholeKeySet(root: Uint8Array): KeySet {
  return { nodes: [{ depth: 0, prefix: 0, key: root }], fields: [] };
}

function step(parent: Uint8Array, bit: number): Uint8Array {
  return derive(STEP_DOMAIN, parent, bit);
}

/** SHA-256(domain ‖ key ‖ number). */
function derive(domain: Buffer, key: Uint8Array, number: number): Uint8Array {
  const preimage = Buffer.allocUnsafe(domain.length + KEY_BYTES + 1);
  preimage.set(domain);
  preimage.set(key, domain.length);
  preimage[domain.length + KEY_BYTES] = number;
  return hash("sha256", preimage, "buffer");
}

/** Key of one field below its record's key. */
export function fieldKey(recordKey: Uint8Array, field: number): Uint8Array {
  return derive(FIELD_DOMAIN, recordKey, field);
}

/** First `depth` bits of a 32-bit number. */
function prefixOf(seq: number, depth: number): number {
  return Math.floor(seq / 2 ** (KEY_TREE_DEPTH - depth));
}

function nodeAbove(set: KeySet, seq: number): KeyNode | undefined {
  return set.nodes.find((node) => prefixOf(seq, node.depth) === node.prefix);
}

/** The record's key, or undefined when it was erased. */
export function recordKey(set: KeySet, seq: number): Uint8Array | undefined {
  const above = nodeAbove(set, seq);
  if (above === undefined) return undefined;
  let key = above.key;
  for (let depth = above.depth + 1; depth <= KEY_TREE_DEPTH; depth++) key = step(key, prefixOf(seq, depth) % 2);
  return key;
}

/** The field's key, or undefined when it or its record was erased. */
export function recordFieldKey(set: KeySet, seq: number, field: number): Uint8Array | undefined {
  const whole = recordKey(set, seq);
  if (whole !== undefined) return fieldKey(whole, field);
  return set.fields.find((left) => left.seq === seq && left.field === field)?.key;
}

/**
 * The set without the keys of these fields of a record that has `fieldCount` of them.
 * Erasing what is erased already changes nothing.
 */
export function eraseFields(set: KeySet, seq: number, erased: ReadonlySet<number>, fieldCount: number): KeySet {
  const whole = recordKey(set, seq);
  const { nodes } = whole === undefined ? set : puncture(set, seq);
  const others = set.fields.filter((left) => left.seq !== seq || !erased.has(left.field));
  if (whole === undefined) return { nodes, fields: others };
  const kept = Array.from({ length: fieldCount }, (_, field) => field).filter((field) => !erased.has(field));
  return { nodes, fields: [...others, ...kept.map((field) => ({ seq, field, key: fieldKey(whole, field) }))] };
}

function puncture(set: KeySet, seq: number): KeySet {
  const above = nodeAbove(set, seq);
  if (above === undefined) return set;
  const siblings: KeyNode[] = [];
  let key = above.key;
  for (let depth = above.depth + 1; depth <= KEY_TREE_DEPTH; depth++) {
    const prefix = prefixOf(seq, depth);
    const sibling = prefix % 2 === 0 ? prefix + 1 : prefix - 1;
    siblings.push({ depth, prefix: sibling, key: step(key, sibling % 2) });
    key = step(key, prefix % 2);
  }
  return { nodes: [...set.nodes.filter((node) => node !== above), ...siblings], fields: set.fields };
}

/** Derives the keys of a growing session: remembers the way to the last one, so the next costs two steps on average. */
export class KeyCursor {
  readonly #set: KeySet;
  #path: { readonly depth: number; readonly prefix: number; readonly key: Uint8Array }[] = [];

  constructor(set: KeySet) {
    this.#set = set;
  }

  /** The record's key, or undefined when it was erased. */
  recordKey(seq: number): Uint8Array | undefined {
    while (this.#path.length > 0 && !this.#isAbove(this.#path.at(-1), seq)) this.#path.pop();
    if (this.#path.length === 0) {
      const above = nodeAbove(this.#set, seq);
      if (above === undefined) return undefined;
      this.#path.push(above);
    }
    let last = this.#path.at(-1);
    while (last !== undefined && last.depth < KEY_TREE_DEPTH) {
      const depth = last.depth + 1;
      const prefix = prefixOf(seq, depth);
      last = { depth, prefix, key: step(last.key, prefix % 2) };
      this.#path.push(last);
    }
    return last?.key;
  }

  #isAbove(node: { readonly depth: number; readonly prefix: number } | undefined, seq: number): boolean {
    return node !== undefined && prefixOf(seq, node.depth) === node.prefix;
  }
}

const NODE_BYTES = 1 + 4 + KEY_BYTES;
const FIELD_BYTES = 4 + 1 + KEY_BYTES;

/** `u32 nodes | {u8 depth, u32 prefix, key}… | {u32 seq, u8 field, key}…`, little-endian. */
export function encodeKeySet(set: KeySet): Buffer {
  const bytes = Buffer.alloc(4 + set.nodes.length * NODE_BYTES + set.fields.length * FIELD_BYTES);
  let at = bytes.writeUInt32LE(set.nodes.length, 0);
  for (const { depth, prefix, key } of set.nodes) {
    at = bytes.writeUInt8(depth, at);
    at = bytes.writeUInt32LE(prefix, at);
    bytes.set(key, at);
    at += KEY_BYTES;
  }
  for (const { seq, field, key } of set.fields) {
    at = bytes.writeUInt32LE(seq, at);
    at = bytes.writeUInt8(field, at);
    bytes.set(key, at);
    at += KEY_BYTES;
  }
  return bytes;
}

/** Reads what `encodeKeySet` wrote; the bytes were authenticated before. */
export function decodeKeySet(bytes: Buffer): KeySet {
  const nodeCount = bytes.readUInt32LE(0);
  const fieldsFrom = 4 + nodeCount * NODE_BYTES;
  const nodes = Array.from({ length: nodeCount }, (_, i): KeyNode => {
    const at = 4 + i * NODE_BYTES;
    return { depth: bytes.readUInt8(at), prefix: bytes.readUInt32LE(at + 1), key: keyAt(bytes, at + 5) };
  });
  const fields = Array.from({ length: (bytes.length - fieldsFrom) / FIELD_BYTES }, (_, i): FieldKey => {
    const at = fieldsFrom + i * FIELD_BYTES;
    return { seq: bytes.readUInt32LE(at), field: bytes.readUInt8(at + 4), key: keyAt(bytes, at + 5) };
  });
  return { nodes, fields };
}

function keyAt(bytes: Buffer, at: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(at, at + KEY_BYTES));
}

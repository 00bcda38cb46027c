import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeKeySet,
  encodeKeySet,
  eraseFields,
  fieldKey,
  KeyCursor,
  recordFieldKey,
  recordKey,
  wholeKeySet,
} from "./key-tree.ts";

const ROOT = new Uint8Array(32).fill(9);
const FIELDS = 4;
const SEQ = fc.oneof(fc.nat(40), fc.nat(0xffffffff));

describe("a session's key tree", () => {
  test("erases exactly the fields that were named and keeps every other key as it was", () => {
    const erasure = fc.record({ seq: SEQ, fields: fc.uniqueArray(fc.nat(FIELDS - 1), { minLength: 1 }) });
    fc.assert(
      fc.property(fc.array(erasure, { maxLength: 8 }), fc.array(SEQ, { maxLength: 8 }), (erasures, others) => {
        const whole = wholeKeySet(ROOT);
        const gone = new Set<string>();
        let set = whole;
        for (const { seq, fields } of erasures) {
          set = eraseFields(set, seq, new Set(fields), FIELDS);
          for (const field of fields) gone.add(`${seq}/${field}`);
        }
        for (const seq of [...others, ...erasures.map((one) => one.seq)]) {
          for (let field = 0; field < FIELDS; field++) {
            const expected = gone.has(`${seq}/${field}`) ? undefined : recordFieldKey(whole, seq, field);
            expect(recordFieldKey(set, seq, field)).toEqual(expected);
          }
        }
      }),
    );
  });

  test("holds nothing from which an erased key could be derived", () => {
    const set = eraseFields(wholeKeySet(ROOT), 5, new Set([0, 1]), 2);
    expect(recordKey(set, 5)).toBeUndefined();
    // No node that is left covers the record: each stands beside the way to it.
    for (const { depth, prefix } of set.nodes) expect(Math.floor(5 / 2 ** (32 - depth))).not.toBe(prefix);
    expect(set.nodes.length).toBe(32);
    expect(set.fields).toEqual([]);
  });

  test("gives every record and every field its own key", () => {
    const set = wholeKeySet(ROOT);
    const keys = Array.from({ length: 64 }, (_, seq) => recordKey(set, seq) ?? ROOT);
    const all = [...keys, ...keys.map((key) => fieldKey(key, 0)), ...keys.map((key) => fieldKey(key, 1))];
    expect(new Set(all.map((key) => Buffer.from(key).toString("hex"))).size).toBe(3 * 64);
  });

  test("is walked by a cursor to the same keys, in any order", () => {
    fc.assert(
      fc.property(fc.array(SEQ, { maxLength: 30 }), fc.option(SEQ), (seqs, erased) => {
        const set = erased === null ? wholeKeySet(ROOT) : eraseFields(wholeKeySet(ROOT), erased, new Set([0]), 1);
        const cursor = new KeyCursor(set);
        for (const seq of seqs) expect(cursor.recordKey(seq)).toEqual(recordKey(set, seq));
      }),
    );
  });

  test("comes back as it was stored", () => {
    const set = eraseFields(eraseFields(wholeKeySet(ROOT), 3, new Set([1]), 3), 0xffffffff, new Set([0]), 1);
    expect(decodeKeySet(encodeKeySet(set))).toEqual({
      nodes: set.nodes.map((node) => ({ ...node, key: Uint8Array.from(node.key) })),
      fields: set.fields.map((left) => ({ ...left, key: Uint8Array.from(left.key) })),
    });
  });
});

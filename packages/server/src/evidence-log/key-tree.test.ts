import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeKeySet, encodeKeySet, eraseRecord, KeyCursor, keptBody, recordKey, wholeKeySet } from "./key-tree.ts";

const ROOT = new Uint8Array(32).fill(9);
const SEQ = fc.oneof(fc.nat(40), fc.nat(0xffffffff));

describe("a session's key tree", () => {
  test("erases exactly the records that were named and keeps every other key as it was", () => {
    fc.assert(
      fc.property(fc.array(SEQ, { maxLength: 10 }), fc.array(SEQ, { maxLength: 10 }), (erased, others) => {
        const whole = wholeKeySet(ROOT);
        const set = erased.reduce((left, seq) => eraseRecord(left, seq, undefined), whole);
        for (const seq of [...erased, ...others]) {
          expect(recordKey(set, seq)).toEqual(erased.includes(seq) ? undefined : recordKey(whole, seq));
        }
      }),
    );
  });

  test("holds nothing from which an erased key could be derived", () => {
    const set = eraseRecord(wholeKeySet(ROOT), 5, undefined);
    expect(recordKey(set, 5)).toBeUndefined();
    // No node that is left stands above the record.
    for (const { depth, prefix } of set.nodes) expect(Math.floor(5 / 4 ** (16 - depth))).not.toBe(prefix);
    expect(set.nodes.length).toBe(16 * 3);
  });

  test("gives every record its own key", () => {
    const set = wholeKeySet(ROOT);
    const keys = Array.from({ length: 300 }, (_, seq) => Buffer.from(recordKey(set, seq) ?? ROOT).toString("hex"));
    expect(new Set(keys).size).toBe(300);
  });

  test("is walked by a cursor to the same keys, in any order", () => {
    fc.assert(
      fc.property(fc.array(SEQ, { maxLength: 30 }), fc.option(SEQ), (seqs, erased) => {
        const set = erased === null ? wholeKeySet(ROOT) : eraseRecord(wholeKeySet(ROOT), erased, undefined);
        const cursor = new KeyCursor(set);
        for (const seq of seqs) expect(cursor.recordKey(seq)).toEqual(recordKey(set, seq));
      }),
    );
  });

  test("keeps what is left of a record until that is erased too, and comes back as it was stored", () => {
    const left = Uint8Array.from([1, 2, 3]);
    const part = eraseRecord(eraseRecord(wholeKeySet(ROOT), 3, left), 0xffffffff, undefined);
    const stored = decodeKeySet(encodeKeySet(part));
    expect(stored.kept).toEqual([{ seq: 3, body: left }]);
    for (const seq of [0, 2, 3, 4, 0xfffffffe, 0xffffffff])
      expect(recordKey(stored, seq)).toEqual(recordKey(part, seq));
    const gone = eraseRecord(stored, 3, undefined);
    expect([keptBody(stored, 3), keptBody(gone, 3)]).toEqual([left, undefined]);
    expect(gone.nodes.length).toBe(stored.nodes.length);
  });
});

import { describe, expect, test } from "bun:test";
import { parseStrictJson } from "@aegisflow/evidence";
import fc from "fast-check";
import { eraseRecord, recordKey, wholeKeySet } from "./key-tree.ts";
import {
  bodyBytesOf,
  type FieldText,
  openBody,
  randomBytesOf,
  readFields,
  sealBody,
  withoutFields,
  writeBody,
} from "./record-body.ts";

const KEYS = wholeKeySet(new Uint8Array(32).fill(3));
const SEQ = 7;
const value = fc.jsonValue({ maxDepth: 2 }).filter(isStrict);
const values = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { minKeys: 1, maxKeys: 5 });

/** Drafts hold only what the strict parser reads back. */
function isStrict(json: unknown): boolean {
  try {
    parseStrictJson(JSON.stringify(json));
    return true;
  } catch {
    return false;
  }
}

function sealed(fields: readonly FieldText[]): Buffer {
  const random = Uint8Array.from({ length: randomBytesOf(fields.length) }, (_, i) => i);
  const body = Buffer.alloc(bodyBytesOf(fields));
  writeBody(body, { fields, random });
  sealBody(body, recordKey(KEYS, SEQ) ?? new Uint8Array(0));
  return body;
}

function fieldsOf(made: Readonly<Record<string, unknown>>): readonly FieldText[] {
  return Object.keys(made)
    .sort()
    .map((name) => {
      const text = JSON.stringify(made[name]);
      return { name, text, textBytes: Buffer.byteLength(text) };
    });
}

function plainOf(body: Uint8Array): Uint8Array {
  const plain = openBody(body, KEYS, SEQ);
  if (plain === undefined || plain === "damaged") throw new Error("the body does not open");
  return plain;
}

describe("a record's body", () => {
  test("opens to the values it was made of, each with its own salt", () => {
    fc.assert(
      fc.property(values, (made) => {
        const fields = fieldsOf(made);
        const names = fields.map(({ name }) => name);
        const opened = readFields(plainOf(sealed(fields)), names);
        const parsed = Object.fromEntries(names.map((name) => [name, JSON.parse(JSON.stringify(made[name]))]));
        expect(Object.fromEntries(Object.entries(opened).map(([name, [, value]]) => [name, value]))).toEqual(parsed);
        expect(new Set(Object.values(opened).map(([salt]) => salt)).size).toBe(names.length);
      }),
    );
  });

  test("loses exactly the fields that are taken out, in any order", () => {
    fc.assert(
      fc.property(values, fc.array(fc.nat(4), { maxLength: 6 }), (made, taken) => {
        const fields = fieldsOf(made);
        const names = fields.map(({ name }) => name);
        const whole = readFields(plainOf(sealed(fields)), names);
        let plain: Uint8Array | undefined = plainOf(sealed(fields));
        for (const field of taken) plain = plain && withoutFields(plain, new Set([field]), names.length);
        const expected = Object.entries(whole).filter(([name]) => !taken.includes(names.indexOf(name)));
        expect(plain === undefined ? {} : readFields(plain, names)).toEqual(Object.fromEntries(expected));
      }),
    );
  });

  test("does not open with any bit flipped, nor without its key", () => {
    const body = sealed(fieldsOf({ a: "value", b: 1 }));
    for (let bit = 0; bit < body.length * 8; bit++) {
      const flipped = Buffer.from(body);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openBody(flipped, KEYS, SEQ)).toBe("damaged");
    }
    expect(openBody(body.subarray(0, 10), KEYS, SEQ)).toBe("damaged");
    expect(openBody(body, eraseRecord(KEYS, SEQ, undefined), SEQ)).toBeUndefined();
  });
});

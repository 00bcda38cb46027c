import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";
import { EvidenceError, type EvidenceErrorCode } from "./evidence-error.ts";
import { type CanonicalInput, parseStrictJson, type StrictJsonLimits } from "./strict-json.ts";

function errorOf(text: string, limits?: StrictJsonLimits): EvidenceError {
  try {
    parseStrictJson(text, limits);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

const REFUSED: readonly (readonly [text: string, code: EvidenceErrorCode, offset: number])[] = [
  ["", "json-syntax", 0],
  ["nul", "json-syntax", 0],
  ["[1,]", "json-syntax", 3],
  ["[1", "json-syntax", 2],
  ['{"a":1,}', "json-syntax", 7],
  ["{a:1}", "json-syntax", 1],
  ['{"a" 1}', "json-syntax", 5],
  ["[] []", "json-syntax", 3],
  ["\ufeff{}", "json-syntax", 0],
  ["\u00a01", "json-syntax", 0],
  ["01", "json-syntax", 1],
  ["+1", "json-syntax", 0],
  [".5", "json-syntax", 0],
  ["1.", "json-syntax", 1],
  ["NaN", "json-syntax", 0],
  ["'a'", "json-syntax", 0],
  ['"\n"', "json-syntax", 1],
  ['"\\x41"', "json-syntax", 1],
  ['"\\u12"', "json-syntax", 1],
  ['"abc', "json-syntax", 0],
  ['"\\ud800"', "json-syntax", 0],
  ['["\ud800"]', "json-syntax", 1],
  ['{"__proto__":1}', "json-syntax", 1],
  ['{"a":1,"a":1}', "json-duplicate-key", 7],
  ['{"a":1,"\\u0061":2}', "json-duplicate-key", 7],
  ['[{"b":{"k":1,"k":2}}]', "json-duplicate-key", 13],
  ["9007199254740992", "json-number", 0],
  ["-9007199254740992", "json-number", 0],
  ["[1e400]", "json-number", 1],
  ["1e20", "json-number", 0],
  ["1e-400", "json-number", 0],
  [`0.${"1".repeat(200)}`, "json-number", 0],
];

describe("parseStrictJson()", () => {
  test.each(REFUSED)("refuses %j", (text, code, offset) => {
    const error = errorOf(text);
    expect([error.code, error.offset]).toEqual([code, offset]);
  });

  test("reads what JSON.parse reads", () => {
    const texts = [
      "null",
      "true",
      " [ ] ",
      '{"a":[1,-0.5,2e3,"\\u00e9\\n\\/"],"":{}}',
      '"\\ud83d\\ude00"',
      "9007199254740991",
      "0.0",
    ];
    for (const text of texts) expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test("keeps keys that objects inherit as plain data", () => {
    const parsed = parseStrictJson('{"constructor":1,"toString":2,"hasOwnProperty":3}');
    expect(Object.keys(parsed ?? {})).toEqual(["constructor", "toString", "hasOwnProperty"]);
  });

  test("stops at the depth and the size it is given", () => {
    expect(errorOf("[[[]]]", { depthMax: 2 }).code).toBe("json-limit");
    expect(parseStrictJson("[[]]", { depthMax: 2 })).toEqual([[]]);
    expect(errorOf('"éé"', { bytesMax: 5 }).code).toBe("json-limit");
    expect(parseStrictJson('"éé"', { bytesMax: 6 })).toBe("éé");
    expect(errorOf("[".repeat(1_000_000)).code).toBe("json-limit");
  });

  test("shows at most the beginning of a duplicate key", () => {
    const key = "k".repeat(10_000);
    expect(errorOf(`{"${key}":1,"${key}":1}`).message.length).toBeLessThan(200);
  });

  test("reads back what canonicalJson prints", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(parseStrictJson(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test("either agrees with JSON.parse or throws its own error, for any text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0eE+-.1tfn \n'.split("")) }),
      fc
        .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 }))
        .map(([json, at, junk]) => json.slice(0, at % json.length) + junk + json.slice(at % json.length)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let parsed: CanonicalInput;
        try {
          parsed = parseStrictJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EvidenceError);
          return;
        }
        expect(parsed).toEqual(JSON.parse(text));
      }),
      { numRuns: 5000 },
    );
  });
});

/** Values whose numbers survive strict JSON. */
export function jsonValues(): fc.Arbitrary<CanonicalInput> {
  const number = fc.oneof(fc.maxSafeInteger(), fc.double({ min: -1e15, max: 1e15, noNaN: true }));
  const { value } = fc.letrec<{ value: CanonicalInput }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      number,
      fc.string({ unit: "binary" }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        fc.string({ unit: "binary", maxLength: 6 }).filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));
  return value;
}

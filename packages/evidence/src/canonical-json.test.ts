import { describe, expect, test } from "bun:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";
import { jsonValues } from "./strict-json.test.ts";

describe("canonicalJson()", () => {
  test("prints the example of RFC 8785 §3.2.2", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("sorts keys by UTF-16 units, as in RFC 8785 §3.2.3", () => {
    const value = { "€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😂": 5, "\u0080": 6, ö: 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😂":5,"\ufb33":3}');
  });

  test("agrees with another implementation", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => expect(canonicalJson(value)).toBe(String(canonicalize(value)))),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
        expect(canonicalJson(value)).toBe(String(canonicalize(value))),
      ),
      { numRuns: 2000 },
    );
  });

  const foreign: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["a hole", withHole()],
    ["a member without value", { a: undefined }],
    ["a function", { toJSON: () => 1 }],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a big integer", 1n],
    ["a symbol", Symbol("s")],
    ["bytes", new Uint8Array(1)],
    ["a class instance", new (class Point {})()],
    ["not a number", Number.NaN],
    ["infinity", [Number.POSITIVE_INFINITY]],
    ["a lone surrogate", "\ud800"],
    ["a key with a lone surrogate", { "\udc00": 1 }],
  ];
  test.each(foreign)("refuses %s", (_name, value) => {
    // @ts-expect-error: callers without types get the same refusal.
    expect(() => canonicalJson(value)).toThrow();
  });

  test("refuses in evidence records what is no safe integer", () => {
    for (const value of [0.5, -0, 2 ** 53, 1e21])
      expect(() => canonicalJson(value, { numbers: "safe-integers" })).toThrow();
    expect(canonicalJson(2 ** 53 - 1, { numbers: "safe-integers" })).toBe("9007199254740991");
    expect(() => canonicalJson(1e16, { numbers: "strict-json" })).toThrow();
    expect(canonicalJson(-0)).toBe("0");
  });

  test("stops at the depth it is given, also for cycles", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    // @ts-expect-error: a cycle is no JSON.
    expect(() => canonicalJson(cycle)).toThrow("nested too deeply");
    expect(() => canonicalJson([[[]]], { depthMax: 2 })).toThrow();
  });
});

function withHole(): readonly unknown[] {
  const items: unknown[] = [];
  items[1] = 1;
  return items;
}

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  fromBase64,
  fromBase64url,
  fromHex,
  isHashHex,
  toBase64,
  toBase64url,
  toHex,
  utf8Decode,
  utf8Encode,
} from "./encoding.ts";

const bytes = fc.uint8Array({ maxLength: 70 });

describe("encodings", () => {
  test("print what Node prints and read it back", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const buffer = Buffer.from(data);
        expect([toHex(data), toBase64(data), toBase64url(data)]).toEqual([
          buffer.toString("hex"),
          buffer.toString("base64"),
          buffer.toString("base64url"),
        ]);
        expect([fromHex(toHex(data)), fromBase64(toBase64(data)), fromBase64url(toBase64url(data))]).toEqual([
          data,
          data,
          data,
        ]);
      }),
    );
  });

  test("have one text for each value: whatever is read prints back to itself", () => {
    const text = fc.string({ unit: fc.constantFrom(..."AZaz09+/-_= \n".split("")), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) => {
        for (const [read, print] of [
          [fromBase64, toBase64],
          [fromBase64url, toBase64url],
          [fromHex, toHex],
        ] as const) {
          let data: Uint8Array;
          try {
            data = read(candidate);
          } catch {
            continue;
          }
          expect(print(data)).toBe(candidate);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test.each(["A", "AA", "AB==", "AA=", "AA===", "A A=", "AA==\n", "AA-_", "===="])("base64 refuses %j", (text) => {
    expect(() => fromBase64(text)).toThrow();
  });

  test("hex is lower case and even", () => {
    for (const text of ["A0", "a", "0x00", "g0", " 00"]) expect(() => fromHex(text)).toThrow();
    expect(isHashHex("a".repeat(64))).toBe(true);
    expect(isHashHex(`${"a".repeat(64)}\n`)).toBe(false);
  });

  test("UTF-8 refuses what is not, and keeps a byte order mark", () => {
    expect(() => utf8Decode(Uint8Array.of(0xc3, 0x28))).toThrow("valid UTF-8");
    expect(utf8Decode(utf8Encode("\ufeffx"))).toBe("\ufeffx");
  });
});

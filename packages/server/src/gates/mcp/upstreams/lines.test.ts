/** Bytes to lines. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Line, LineReader } from "./lines.ts";

const PROPERTY_RUNS = Number(process.env["AEGISFLOW_PROPERTY_RUNS"] ?? "300");

function read(bytesMax: number, chunks: readonly Uint8Array[]): readonly Line[] {
  const lines: Line[] = [];
  const reader = new LineReader(bytesMax, (line) => lines.push(line));
  for (const chunk of chunks) reader.feed(chunk);
  return lines;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("LineReader", () => {
  test("gives the same lines however the bytes are cut, also inside a character", () => {
    const cutting = fc.record({
      texts: fc.array(fc.string({ unit: "grapheme" })),
      sizes: fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
    });
    fc.assert(
      fc.property(cutting, ({ texts, sizes }) => {
        const wanted = texts.map((text) => text.replaceAll("\n", " ").replaceAll("\r", " "));
        const all = bytes(wanted.map((text) => `${text}\n`).join(""));
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < all.length; ) {
          const size = sizes.next().value ?? 1;
          chunks.push(all.subarray(at, at + size));
          at += size;
        }
        const visible = wanted.filter((text) => text.trim() !== "");
        expect(read(1024, chunks)).toEqual(visible.map((text) => ({ kind: "text", text })));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test("says that bytes are no UTF-8, and goes on", () => {
    expect(read(64, [Uint8Array.of(0x22, 0xff, 0x22, 0x0a), bytes("ok\n")])).toEqual([
      { kind: "malformed" },
      { kind: "text", text: "ok" },
    ]);
  });

  test("skips an oversized line without keeping it, shows both its ends, and goes on", () => {
    const [oversized, next] = read(8, [bytes("head-"), bytes("x".repeat(5000)), bytes("-tail\nnext\n")]);
    if (oversized?.kind !== "oversized") throw new Error("not oversized");
    expect(oversized.head.startsWith("head-")).toBe(true);
    expect(oversized.tail.endsWith("-tail")).toBe(true);
    expect(oversized.head.length + oversized.tail.length).toBeLessThanOrEqual(512);
    expect(next).toEqual({ kind: "text", text: "next" });
  });

  test("a line of exactly the limit passes", () => {
    expect(read(4, [bytes("1234\n12345\n")]).map(({ kind }) => kind)).toEqual(["text", "oversized"]);
  });
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeEntryTile,
  decodeHashTile,
  encodeEntryTile,
  encodeHashTile,
  entryTilePath,
  formatTileIndex,
  hashTilePath,
  tileOfNode,
} from "./tiles.ts";

describe("tiles", () => {
  test("lie where C2SP tlog-tiles says", () => {
    expect(formatTileIndex(1234067)).toBe("x001/x234/067");
    expect([formatTileIndex(0), formatTileIndex(999), formatTileIndex(1000)]).toEqual(["000", "999", "x001/000"]);
    expect(hashTilePath(0, 273)).toBe("tile/0/273");
    expect(hashTilePath(1, 1, 17)).toBe("tile/1/001.p/17");
    expect(entryTilePath(70_000, 1)).toBe("tile/entries/x070/000.p/1");
  });

  test("hold the hashes of every eighth level", () => {
    expect(tileOfNode(0, 300)).toEqual({ tileLevel: 0, tileIndex: 1, offset: 44, count: 1 });
    expect(tileOfNode(7, 3)).toEqual({ tileLevel: 0, tileIndex: 1, offset: 128, count: 128 });
    expect(tileOfNode(8, 3)).toEqual({ tileLevel: 1, tileIndex: 0, offset: 3, count: 1 });
    expect(tileOfNode(17, 1)).toEqual({ tileLevel: 2, tileIndex: 0, offset: 2, count: 2 });
  });

  test("read back what was written", () => {
    const entry = fc.uint8Array({ maxLength: 300 });
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 256 }),
        fc.array(hash, { minLength: 1, maxLength: 256 }),
        (entries, hashes) => {
          expect(decodeEntryTile(encodeEntryTile(entries))).toEqual(entries);
          expect(decodeHashTile(encodeHashTile(hashes))).toEqual(hashes);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("refuse what is cut, empty, too wide or out of range", () => {
    const tile = encodeEntryTile([new Uint8Array(5)]);
    for (const bytes of [
      new Uint8Array(0),
      tile.slice(0, -1),
      tile.slice(0, 1),
      encodeEntryTile(Array.from({ length: 257 }, () => new Uint8Array(1))),
    ]) {
      expect(() => decodeEntryTile(bytes)).toThrow();
    }
    for (const length of [0, 31, 33, 257 * 32]) expect(() => decodeHashTile(new Uint8Array(length))).toThrow();
    expect(() => encodeEntryTile([new Uint8Array(65_536)])).toThrow("65535");
    for (const call of [
      () => hashTilePath(64, 0),
      () => hashTilePath(0, -1),
      () => hashTilePath(0, 0, 0),
      () => entryTilePath(0, 257),
      () => formatTileIndex(0.5),
    ]) {
      expect(call).toThrow();
    }
  });
});

import { describe, expect, test } from "bun:test";
import { toHex } from "./encoding.ts";
import { type HeadEntry, headPath, headsPayload, verifyHeadPath } from "./heads.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { seededRandom } from "./simulation/seeded-random.ts";

const random = seededRandom(11);
const ENTRIES: readonly HeadEntry[] = Array.from({ length: 33 }, (_, i) => ({
  tenant: `t${i % 3}`,
  sid: `s${i}`,
  seq: i,
  leaf: toHex(random.bytes(32)),
  state: i % 2 === 0 ? "open" : "closed",
}));

describe("heads", () => {
  test("prove every session's place, whatever the order of the input", () => {
    const p = headsPayload(nodeCrypto, ENTRIES.toReversed());
    expect(p).toEqual(headsPayload(nodeCrypto, ENTRIES));
    for (const { tenant, sid } of ENTRIES) {
      expect(verifyHeadPath(nodeCrypto, headPath(nodeCrypto, ENTRIES, tenant, sid), p)).toBe(true);
    }
  });

  test("prove nothing that is not in them", () => {
    const p = headsPayload(nodeCrypto, ENTRIES);
    const head = headPath(nodeCrypto, ENTRIES, "t0", "s3");
    const changes: readonly Partial<HeadEntry>[] = [
      { seq: 2 },
      { state: "open" },
      { sid: "s4" },
      { tenant: "t1" },
      { leaf: "0".repeat(64) },
    ];
    for (const change of changes)
      expect(verifyHeadPath(nodeCrypto, { ...head, entry: { ...head.entry, ...change } }, p)).toBe(false);
    expect(verifyHeadPath(nodeCrypto, { ...head, index: head.index + 1 }, p)).toBe(false);
    expect(verifyHeadPath(nodeCrypto, head, { ...p, size: "34" })).toBe(false);
    expect(verifyHeadPath(nodeCrypto, head, { ...p, root: "zz" })).toBe(false);
    expect(verifyHeadPath(nodeCrypto, head, {})).toBe(false);
    expect(verifyHeadPath(nodeCrypto, { ...head, entry: { ...head.entry, seq: 0.5 } }, p)).toBe(false);
  });

  test("refuse two heads of one session, and a session they do not have", () => {
    const [first] = ENTRIES;
    expect(() => headsPayload(nodeCrypto, first === undefined ? [] : [first, first])).toThrow("two heads");
    expect(() => headPath(nodeCrypto, ENTRIES, "t9", "s0")).toThrow("no head");
  });
});

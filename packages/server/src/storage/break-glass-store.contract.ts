/** What every store of break-glass grants must do; run over each adapter by break-glass-store.test.ts. */
import { describe, expect, test } from "bun:test";
import type { BreakGlassRow, BreakGlassStore } from "../configuration/break-glass-store.ts";

const grantRow = (id: string, grantedAtMs: number): BreakGlassRow => ({
  id,
  tenant: "t1",
  grantedBy: "k1",
  reason: "the engine is down",
  grantedAtMs,
  expiresAtMs: grantedAtMs + 100,
  leaf: "00",
});

export function breakGlassStoreContract(label: string, open: () => BreakGlassStore): void {
  describe(`break-glass store: ${label}`, () => {
    test("a grant comes back as it went in and is active until it expires", () => {
      const store = open();
      const row = grantRow("a", 1_000);
      store.insert(row);
      expect(store.get("a")).toEqual(row);
      expect(store.get("b")).toBeUndefined();
      expect(store.active(1_099)).toEqual([row]);
      expect(store.active(1_100)).toEqual([]);
    });

    test("is revoked once, by whom and when", () => {
      const store = open();
      store.insert(grantRow("a", 1_000));
      expect(store.revoke("a", 1_050, "k2")).toEqual({ ...grantRow("a", 1_000), revokedAtMs: 1_050, revokedBy: "k2" });
      expect(store.revoke("a", 1_060, "k3")).toBeUndefined();
      expect(store.revoke("b", 1_060, "k3")).toBeUndefined();
      expect(store.active(1_051)).toEqual([]);
    });

    test("lists newest first, page by page, also within one millisecond", () => {
      const store = open();
      for (const [id, at] of [
        ["a", 1],
        ["b", 2],
        ["c", 2],
        ["d", 3],
      ] as const)
        store.insert(grantRow(id, at));
      const first = store.list({ limit: 2 });
      expect(first.map(({ id }) => id)).toEqual(["d", "c"]);
      expect(store.list({ before: { grantedAtMs: 2, id: "c" }, limit: 9 }).map(({ id }) => id)).toEqual(["b", "a"]);
    });
  });
}

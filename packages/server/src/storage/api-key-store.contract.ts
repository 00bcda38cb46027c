/** What every API key store must do; run over each adapter by api-key-store.test.ts. */
import { describe, expect, test } from "bun:test";
import type { ApiKeyRow, ApiKeyStore } from "../identity/api-key-store.ts";

const NOW = 1_000_000;

const keyRow = (id: string, changes: Partial<ApiKeyRow> = {}): ApiKeyRow => ({
  id,
  hash: `hash-${id}`,
  name: `name of ${id}`,
  tenant: "t1",
  role: "operator",
  createdAtMs: NOW,
  ...changes,
});

export function apiKeyStoreContract(label: string, open: () => ApiKeyStore): void {
  describe(`API key store: ${label}`, () => {
    test("a key comes back as it went in, by id and by hash", () => {
      const store = open();
      const row = keyRow("a", { expiresAtMs: NOW + 10 });
      expect(store.insert(row)).toBe(true);
      expect(store.get("a")).toEqual(row);
      expect(store.findUsable("hash-a", NOW)).toEqual(row);
      expect(store.findUsable("hash-b", NOW)).toBeUndefined();
      expect(store.findUsable("hash-a", NOW + 10)).toBeUndefined();
    });

    test("ids and hashes are unique, also against rotated ones", () => {
      const store = open();
      store.insert(keyRow("a"));
      expect(store.insert(keyRow("a", { hash: "other" }))).toBe(false);
      expect(store.insert(keyRow("b", { hash: "hash-a" }))).toBe(false);
      store.rotate("a", "hash-a2", NOW + 10);
      expect(store.insert(keyRow("b", { hash: "hash-a" }))).toBe(false);
      store.insert(keyRow("b"));
      expect(store.rotate("b", "hash-a", NOW)).toBeUndefined();
      expect(store.rotate("b", "hash-a2", NOW)).toBeUndefined();
    });

    test("after a rotation the old hash works until its time, the new one from now on", () => {
      const store = open();
      store.insert(keyRow("a"));
      expect(store.rotate("a", "new", NOW + 10)).toMatchObject({ id: "a", hash: "new", previousHash: "hash-a" });
      expect(store.findUsable("hash-a", NOW + 9)?.id).toBe("a");
      expect(store.findUsable("hash-a", NOW + 10)).toBeUndefined();
      expect(store.findUsable("new", NOW + 99)?.id).toBe("a");
      expect(store.rotate("missing", "x", NOW)).toBeUndefined();
    });

    test("a revoked key is kept, useless for good", () => {
      const store = open();
      store.insert(keyRow("a"));
      store.rotate("a", "new", NOW + 100);
      expect(store.revoke("a", NOW + 1)).toMatchObject({ revokedAtMs: NOW + 1 });
      expect(store.revoke("a", NOW + 2)).toBeUndefined();
      expect(store.rotate("a", "newer", NOW)).toBeUndefined();
      for (const hash of ["hash-a", "new"]) expect(store.findUsable(hash, NOW + 2)).toBeUndefined();
      expect(store.insert(keyRow("a", { hash: "again" }))).toBe(false);
    });

    test("counts and pages see what they should", () => {
      const store = open();
      const ids = ["c", "a", "b"];
      for (const [index, id] of ids.entries()) store.insert(keyRow(id, { createdAtMs: NOW + Math.min(index, 1) }));
      store.insert(keyRow("z", { tenant: "t2", role: "admin" }));
      store.insert(keyRow("y", { tenant: "t2", role: "admin", expiresAtMs: NOW + 1 }));
      store.revoke("a", NOW);
      expect([store.count("t1"), store.count("t2"), store.count("t3")]).toEqual([3, 2, 0]);
      expect([store.countUsable("t1", "operator", NOW), store.countUsable("t2", "admin", NOW + 1)]).toEqual([2, 1]);
      const listed = (query: Parameters<ApiKeyStore["list"]>[0]) => store.list(query).map(({ id }) => id);
      expect(listed({ tenant: "t1", limit: 10 })).toEqual(["c", "a", "b"]);
      expect(listed({ tenant: "t1", limit: 1, after: { createdAtMs: NOW + 1, id: "a" } })).toEqual(["b"]);
      expect(listed({ limit: 10 })).toHaveLength(5);
    });
  });
}

/** What every store of configuration versions must do; run over each adapter by config-version-store.test.ts. */
import { describe, expect, test } from "bun:test";
import type { ConfigVersionRow, ConfigVersionStore } from "../configuration/config-version-store.ts";

const versionRow = (version: number, changes: Partial<ConfigVersionRow> = {}): ConfigVersionRow => ({
  version,
  policyHash: `sha256:p${version}`,
  configHash: `sha256:c${version}`,
  source: "reload",
  appliedAtMs: 1_000 + version,
  fileDigest: "sha256:f",
  text: "a: ${B}\n",
  packsJson: "[]",
  policyJson: "{}",
  leaf: "00",
  ...changes,
});

export function configVersionStoreContract(label: string, open: () => ConfigVersionStore): void {
  describe(`configuration version store: ${label}`, () => {
    test("numbers start at one and are never handed out twice, stored or not", () => {
      const store = open();
      expect([store.reserve(), store.reserve(), store.reserve()]).toEqual([1, 2, 3]);
      store.insert(versionRow(3), 10);
      expect(store.reserve()).toBe(4);
    });

    test("a version comes back as it went in, with and without its optional parts", () => {
      const store = open();
      expect(store.latest()).toBeUndefined();
      const plain = versionRow(1, { source: "initial" });
      const full = versionRow(2, {
        source: "rollback",
        file: "/a b.yaml",
        by: "k1",
        reason: "it broke",
        rolledBackTo: 1,
      });
      store.insert(plain, 10);
      store.insert(full, 10);
      expect(store.get(1)).toEqual(plain);
      expect(store.get(2)).toEqual(full);
      expect(store.latest()).toEqual(full);
      expect(store.get(9)).toBeUndefined();
    });

    test("lists newest first, page by page", () => {
      const store = open();
      for (const version of [1, 2, 3, 4, 5]) store.insert(versionRow(version), 10);
      const first = store.list({ limit: 2 });
      expect(first.map(({ version }) => version)).toEqual([5, 4]);
      expect(store.list({ before: 4, limit: 9 }).map(({ version }) => version)).toEqual([3, 2, 1]);
    });

    test("forgets the oldest beyond the limit, and still counts on", () => {
      const store = open();
      for (let index = 0; index < 5; index += 1) store.insert(versionRow(store.reserve()), 3);
      expect(store.list({ limit: 9 }).map(({ version }) => version)).toEqual([5, 4, 3]);
      expect(store.reserve()).toBe(6);
    });
  });
}

/** Configuration versions in memory, for tests. */
import type { ConfigVersionRow, ConfigVersionStore } from "../../configuration/config-version-store.ts";

export function createMemoryConfigVersionStore(): ConfigVersionStore {
  const rows = new Map<number, ConfigVersionRow>();
  let reserved = 0;
  const newestFirst = (): ConfigVersionRow[] => [...rows.values()].sort((a, b) => b.version - a.version);
  return {
    reserve() {
      reserved += 1;
      return reserved;
    },
    insert(row, keepMax) {
      rows.set(row.version, { ...row });
      for (const old of newestFirst().slice(keepMax)) rows.delete(old.version);
    },
    get: (version) => rows.get(version),
    latest: () => newestFirst()[0],
    list: ({ before = Number.POSITIVE_INFINITY, limit }) =>
      newestFirst()
        .filter(({ version }) => version < before)
        .slice(0, limit),
  };
}

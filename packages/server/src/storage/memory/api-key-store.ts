/** API keys in memory, for tests and simulations: the same answers as the embedded store. */
import type { ApiKeyRow, ApiKeyStore } from "../../identity/api-key-store.ts";

export function createMemoryApiKeyStore(): ApiKeyStore {
  const rows = new Map<string, ApiKeyRow>();
  const all = (): readonly ApiKeyRow[] => [...rows.values()].sort(compareOldestFirst);
  const put = (row: ApiKeyRow): ApiKeyRow => {
    rows.set(row.id, row);
    return row;
  };
  const isTaken = (hash: string): boolean => all().some((row) => row.hash === hash || row.previousHash === hash);

  return {
    insert(row) {
      if (rows.has(row.id) || isTaken(row.hash)) return false;
      put(row);
      return true;
    },
    get: (id) => rows.get(id),
    findUsable: (hash, atMs) =>
      all().find((row) => isUsable(row, atMs) && (row.hash === hash || isPrevious(row, hash, atMs))),
    list: ({ tenant, after, limit }) =>
      all()
        .filter((row) => tenant === undefined || row.tenant === tenant)
        .filter((row) => after === undefined || compareOldestFirst(after, row) < 0)
        .slice(0, limit),
    count: (tenant) => all().filter((row) => row.tenant === tenant).length,
    countUsable: (tenant, role, atMs) =>
      all().filter((row) => row.tenant === tenant && row.role === role && isUsable(row, atMs)).length,
    rotate(id, hash, previousUntilMs) {
      const row = rows.get(id);
      if (row === undefined || row.revokedAtMs !== undefined || isTaken(hash)) return undefined;
      return put({ ...row, hash, previousHash: row.hash, previousUntilMs });
    },
    revoke(id, atMs) {
      const row = rows.get(id);
      return row === undefined || row.revokedAtMs !== undefined ? undefined : put({ ...row, revokedAtMs: atMs });
    },
  };
}

function isUsable(row: ApiKeyRow, atMs: number): boolean {
  return row.revokedAtMs === undefined && (row.expiresAtMs === undefined || row.expiresAtMs > atMs);
}

function isPrevious(row: ApiKeyRow, hash: string, atMs: number): boolean {
  return row.previousHash === hash && (row.previousUntilMs ?? 0) > atMs;
}

function compareOldestFirst(
  a: { readonly createdAtMs: number; readonly id: string },
  b: { readonly createdAtMs: number; readonly id: string },
): number {
  return a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Break-glass grants in memory, for tests. */
import type { BreakGlassRow, BreakGlassStore } from "../../configuration/break-glass-store.ts";

export function createMemoryBreakGlassStore(): BreakGlassStore {
  const rows = new Map<string, BreakGlassRow>();
  return {
    insert(row) {
      rows.set(row.id, { ...row });
    },
    get: (id) => rows.get(id),
    revoke(id, atMs, by) {
      const row = rows.get(id);
      if (row === undefined || row.revokedAtMs !== undefined) return undefined;
      const revoked = { ...row, revokedAtMs: atMs, revokedBy: by };
      rows.set(id, revoked);
      return revoked;
    },
    active: (nowMs) => [...rows.values()].filter((row) => row.revokedAtMs === undefined && row.expiresAtMs > nowMs),
    list: ({ before, limit }) =>
      [...rows.values()]
        .filter((row) => before === undefined || isBefore(row, before))
        .sort((a, b) => (isBefore(a, b) ? 1 : -1))
        .slice(0, limit),
  };
}

type Position = Pick<BreakGlassRow, "grantedAtMs" | "id">;

function isBefore(a: Position, b: Position): boolean {
  return a.grantedAtMs < b.grantedAtMs || (a.grantedAtMs === b.grantedAtMs && a.id < b.id);
}

/** Break-glass grants in the embedded database. */
import type { BreakGlassRow, BreakGlassStore } from "../../configuration/break-glass-store.ts";
import type { SqliteDatabase, SqlRow } from "../../runtime/runtime.ts";

const COLUMNS = "id, tenant, granted_by, reason, granted_at_ms, expires_at_ms, revoked_at_ms, revoked_by, leaf";
const INSERT = `INSERT INTO break_glass (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const REVOKE = `UPDATE break_glass SET revoked_at_ms = ?, revoked_by = ? WHERE id = ? AND revoked_at_ms IS NULL RETURNING ${COLUMNS}`;
const ACTIVE = `SELECT ${COLUMNS} FROM break_glass WHERE revoked_at_ms IS NULL AND expires_at_ms > ? ORDER BY granted_at_ms, id`;
const NEWEST = `SELECT ${COLUMNS} FROM break_glass ORDER BY granted_at_ms DESC, id DESC LIMIT ?`;
const OLDER = `SELECT ${COLUMNS} FROM break_glass WHERE (granted_at_ms, id) < (?, ?) ORDER BY granted_at_ms DESC, id DESC LIMIT ?`;

export function createEmbeddedBreakGlassStore(database: SqliteDatabase): BreakGlassStore {
  return {
    insert(row) {
      const { id, tenant, grantedBy, reason, grantedAtMs, expiresAtMs, revokedAtMs, revokedBy, leaf } = row;
      const revoked = [revokedAtMs ?? null, revokedBy ?? null];
      database.run(INSERT, id, tenant, grantedBy, reason, grantedAtMs, expiresAtMs, ...revoked, leaf);
    },
    get: (id) => toGrant(database.get(`SELECT ${COLUMNS} FROM break_glass WHERE id = ?`, id)),
    revoke: (id, atMs, by) => toGrant(database.get(REVOKE, atMs, by, id)),
    active: (nowMs) => database.all(ACTIVE, nowMs).flatMap((row) => toGrant(row) ?? []),
    list({ before, limit }) {
      const rows =
        before === undefined ? database.all(NEWEST, limit) : database.all(OLDER, before.grantedAtMs, before.id, limit);
      return rows.flatMap((row) => toGrant(row) ?? []);
    },
  };
}

function toGrant(row: SqlRow | undefined): BreakGlassRow | undefined {
  if (row === undefined) return undefined;
  return {
    id: String(row["id"]),
    tenant: String(row["tenant"]),
    grantedBy: String(row["granted_by"]),
    reason: String(row["reason"]),
    grantedAtMs: Number(row["granted_at_ms"]),
    expiresAtMs: Number(row["expires_at_ms"]),
    ...(row["revoked_at_ms"] === null ? {} : { revokedAtMs: Number(row["revoked_at_ms"]) }),
    ...(row["revoked_by"] === null ? {} : { revokedBy: String(row["revoked_by"]) }),
    leaf: String(row["leaf"]),
  };
}

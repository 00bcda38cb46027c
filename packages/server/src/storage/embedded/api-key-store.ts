/** API keys in SQLite. Lookups go by unique hash; each change is one statement, durable when it returns. */
import { AegisError } from "@aegisflow/core/errors";
import { isRole } from "@aegisflow/core/identity/principal";
import type { ApiKeyQuery, ApiKeyRow, ApiKeyStore } from "../../identity/api-key-store.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../runtime/runtime.ts";

const INSERT = `INSERT INTO api_key (id, hash, name, tenant, role, created_at_ms, expires_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
  WHERE NOT EXISTS (SELECT 1 FROM api_key WHERE id = ?1 OR hash = ?2 OR previous_hash = ?2)`;
const FIND = `SELECT * FROM api_key WHERE revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?2)
  AND (hash = ?1 OR (previous_hash = ?1 AND previous_until_ms > ?2))`;
const COUNT_USABLE = `SELECT count(*) AS n FROM api_key WHERE tenant = ? AND role = ? AND revoked_at_ms IS NULL
  AND (expires_at_ms IS NULL OR expires_at_ms > ?)`;
const ROTATE = `UPDATE api_key SET previous_hash = hash, hash = ?2, previous_until_ms = ?3
  WHERE id = ?1 AND revoked_at_ms IS NULL
  AND NOT EXISTS (SELECT 1 FROM api_key WHERE hash = ?2 OR previous_hash = ?2) RETURNING *`;
const REVOKE = "UPDATE api_key SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL RETURNING *";

export function createEmbeddedApiKeyStore(database: SqliteDatabase): ApiKeyStore {
  const one = (sql: string, ...values: readonly SqlValue[]): ApiKeyRow | undefined => {
    const row = database.get(sql, ...values);
    return row === undefined ? undefined : toRow(row);
  };
  const count = (sql: string, ...values: readonly SqlValue[]): number => Number(database.get(sql, ...values)?.n ?? 0);
  return {
    insert({ id, hash, name, tenant, role, createdAtMs, expiresAtMs }) {
      return database.run(INSERT, id, hash, name, tenant, role, createdAtMs, expiresAtMs ?? null).changes === 1;
    },
    get: (id) => one("SELECT * FROM api_key WHERE id = ?", id),
    findUsable: (hash, atMs) => one(FIND, hash, atMs),
    list: (query) => listRows(database, query),
    count: (tenant) => count("SELECT count(*) AS n FROM api_key WHERE tenant = ?", tenant),
    countUsable: (tenant, role, atMs) => count(COUNT_USABLE, tenant, role, atMs),
    rotate: (id, hash, previousUntilMs) => one(ROTATE, id, hash, previousUntilMs),
    revoke: (id, atMs) => one(REVOKE, atMs, id),
  };
}

function listRows(database: SqliteDatabase, { tenant, after, limit }: ApiKeyQuery): readonly ApiKeyRow[] {
  const filters: readonly (readonly [string, readonly SqlValue[]])[] = [
    ...(tenant === undefined ? [] : ([["tenant = ?", [tenant]]] as const)),
    ...(after === undefined ? [] : ([["(created_at_ms, id) > (?, ?)", [after.createdAtMs, after.id]]] as const)),
  ];
  const where = filters.length === 0 ? "" : `WHERE ${filters.map(([text]) => text).join(" AND ")}`;
  const values = filters.flatMap(([, bound]) => bound);
  return database.all(`SELECT * FROM api_key ${where} ORDER BY created_at_ms, id LIMIT ?`, ...values, limit).map(toRow);
}

function toRow(row: SqlRow): ApiKeyRow {
  const role = text(row, "role");
  if (!isRole(role)) throw damaged("role");
  return {
    id: text(row, "id"),
    hash: text(row, "hash"),
    name: text(row, "name"),
    tenant: text(row, "tenant"),
    role,
    createdAtMs: Number(row.created_at_ms),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: Number(row.expires_at_ms) }),
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: Number(row.revoked_at_ms) }),
    ...(row.previous_hash === null ? {} : { previousHash: text(row, "previous_hash") }),
    ...(row.previous_until_ms === null ? {} : { previousUntilMs: Number(row.previous_until_ms) }),
  };
}

function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw damaged(column);
}

function damaged(column: string): AegisError {
  return new AegisError("corrupt", "an API key in the database is damaged; restore a backup", { detail: column });
}

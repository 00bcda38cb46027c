/**
 * Opens the embedded database `<data>/aegisflow.db` and brings it to the present schema, each migration in one
 * transaction. Refuses a database of a newer version, and one whose applied migrations are not ours.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AegisError } from "@aegisflow/core/errors";
import type { Runtime, SqliteDatabase } from "../../runtime/runtime.ts";
import { MIGRATIONS, type Migration } from "../migrations/migrations.ts";

export const DATABASE_FILE = "aegisflow.db";

/** @throws AegisError `corrupt` or `conflict`; the file is left as it was. */
export function openDatabase(runtime: Pick<Runtime, "openSqlite">, dataFolder: string): SqliteDatabase {
  const path = dataFolder === ":memory:" ? dataFolder : join(dataFolder, DATABASE_FILE);
  const database = runtime.openSqlite(path);
  try {
    migrate(database, MIGRATIONS);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function migrate(database: SqliteDatabase, migrations: readonly Migration[]): void {
  assertOrdered(migrations);
  database.exec(
    "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL) STRICT",
  );
  // One transaction, so that two processes starting at once do not apply the same migration twice.
  database.transaction(() => {
    const applied = database.all("SELECT number, digest FROM schema_migration ORDER BY number");
    const digests = new Map(applied.map((row) => [Number(row.number), String(row.digest)]));
    assertNotNewer(digests, migrations);
    for (const migration of migrations) apply(database, migration, digests.get(migration.number));
  });
}

function apply(database: SqliteDatabase, migration: Migration, appliedDigest: string | undefined): void {
  const digest = createHash("sha256").update(migration.sql).digest("hex");
  if (appliedDigest === digest) return;
  if (appliedDigest !== undefined) {
    const label = `${migration.number}-${migration.name}`;
    throw new AegisError("corrupt", `database migration ${label} is not the one this version knows; restore a backup`);
  }
  database.exec(migration.sql);
  const insert = "INSERT INTO schema_migration (number, name, digest) VALUES (?, ?, ?)";
  database.run(insert, migration.number, migration.name, digest);
}

function assertNotNewer(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length) {
    throw new AegisError("conflict", "the database was written by a newer version of aegisflow; start that version");
  }
}

function assertOrdered(migrations: readonly Migration[]): void {
  for (const [index, { number, name }] of migrations.entries()) {
    if (number !== index + 1) throw new AegisError("internal", `migration ${number}-${name} is out of order`);
  }
}

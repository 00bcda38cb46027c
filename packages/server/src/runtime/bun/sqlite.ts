/** SQLite on Bun: `bun:sqlite` with the pragmas the product promises. */
import { Database } from "bun:sqlite";
import type { SqliteDatabase, SqlRow, SqlValue } from "../runtime.ts";
import { createPrivateFile, inTransaction, SQLITE_PRAGMAS } from "../sqlite-file.ts";

export function openBunSqlite(path: string): SqliteDatabase {
  createPrivateFile(path);
  const database = new Database(path, { create: true, readwrite: true });
  database.exec(SQLITE_PRAGMAS);
  // NOTE: `query` caches the prepared statement by its text; every text in the product is a constant.
  const statement = (sql: string) => database.query<SqlRow, SqlValue[]>(sql);
  const exec = (sql: string): void => {
    database.exec(sql);
  };
  return {
    exec,
    run: (sql, ...values) => ({ changes: statement(sql).run(...values).changes }),
    get: (sql, ...values) => statement(sql).get(...values) ?? undefined,
    all: (sql, ...values) => statement(sql).all(...values),
    transaction: (work) => inTransaction(exec, work),
    close: () => database.close(),
  };
}

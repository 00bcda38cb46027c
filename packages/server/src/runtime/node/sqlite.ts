/** SQLite on Node 24: `node:sqlite` with the pragmas the product promises. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqliteDatabase } from "../runtime.ts";
import { createPrivateFile, inTransaction, SQLITE_PRAGMAS } from "../sqlite-file.ts";

export function openNodeSqlite(path: string): SqliteDatabase {
  createPrivateFile(path);
  const database = new DatabaseSync(path);
  database.exec(SQLITE_PRAGMAS);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  const exec = (sql: string): void => database.exec(sql);
  return {
    exec,
    run: (sql, ...values) => ({ changes: Number(statement(sql).run(...values).changes) }),
    get: (sql, ...values) => statement(sql).get(...values),
    all: (sql, ...values) => statement(sql).all(...values),
    transaction: (work) => inTransaction(exec, work),
    close: () => database.close(),
  };
}

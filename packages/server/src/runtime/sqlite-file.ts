/** What both SQLite adapters share: the pragmas, a file nobody else can read, and the transaction. */
import { closeSync, openSync } from "node:fs";

/** Durable at commit (FULL), readers beside one writer (WAL), other processes get 5 s to finish theirs. */
export const SQLITE_PRAGMAS =
  "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/** Creates the file with mode 0600 before SQLite does; its -wal and -shm files take the same mode. */
export function createPrivateFile(path: string): void {
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
}

export function inTransaction<T>(exec: (sql: string) => void, work: () => T): T {
  exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    exec("COMMIT");
    return result;
  } catch (error) {
    rollbackQuietly(exec);
    throw error;
  }
}

/** SQLite has rolled back by itself after some errors (full disk, I/O); then there is nothing left to do. */
function rollbackQuietly(exec: (sql: string) => void): void {
  try {
    exec("ROLLBACK");
  } catch {
    // The first error is the one that matters.
  }
}

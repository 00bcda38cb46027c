import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRuntime } from "../runtime/runtime.ts";
import { createMemorySessionIndex } from "./memory-session-index.ts";
import { testSessionIndex } from "./session-index.contract.ts";
import { mergePage, type SessionPage } from "./session-index.ts";
import { newSession, type SessionState } from "./session-state.ts";
import { createSqliteSessionIndex } from "./sqlite-session-index.ts";

const runtime = await loadRuntime();
/** SQLite waits five seconds for the other process. */
const BUSY_TIMEOUT_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), "aegisflow-index-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

testSessionIndex("in memory", () => createMemorySessionIndex());
testSessionIndex("in SQLite", () => createSqliteSessionIndex(() => runtime.openSqlite(":memory:")));

describe("the session index in SQLite", () => {
  test(
    "is not opened twice",
    () => {
      const path = join(folder, "index.db");
      const first = createSqliteSessionIndex(() => runtime.openSqlite(path));
      expect(() => createSqliteSessionIndex(() => runtime.openSqlite(path))).toThrow(
        "another process has this evidence log open",
      );
      first.close();
      createSqliteSessionIndex(() => runtime.openSqlite(path)).close();
    },
    BUSY_TIMEOUT_MS,
  );
});

describe("mergePage()", () => {
  test("shows sessions that the index does not know yet, each where it belongs", () => {
    const session = (sid: string, second: number): SessionState => ({
      ...newSession({ tenant: "t", sid }),
      startedAt: `2026-11-23T10:00:0${second}`,
    });
    const page: SessionPage = { sessions: [session("old", 3), session("older", 2)], nextCursor: "more" };
    const moved = [session("new", 5), session("oldest", 1), { ...session("old", 3), seq: 7 }];
    const merged = mergePage(page, moved, { limit: 3 });
    // `oldest` belongs to a later page.
    expect(merged.sessions.map(({ sid, seq }) => `${sid} ${seq}`)).toEqual(["new -1", "old 7", "older -1"]);
    expect(merged.nextCursor).toBeString();
  });
});

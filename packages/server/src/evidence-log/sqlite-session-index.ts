/**
 * The session index in SQLite, beside the segments. It is derived, so commits do not wait for the disk
 * (synchronous = NORMAL: a power cut may take the latest saves, never half of one), and its exclusive lock is what
 * keeps a second process out of the log's folder.
 */
import { AegisError, errorText } from "@aegisflow/core";
import { fromHex } from "@aegisflow/evidence";
import type { SqliteDatabase, SqlRow } from "../runtime/runtime.ts";
import {
  cutPage,
  LANDMARKS_FOUND_MAX,
  type LogSnapshot,
  readCursor,
  type SessionIndex,
  type SessionPage,
  type SessionQuery,
} from "./session-index.ts";
import type { SessionRef, SessionState } from "./session-state.ts";

/** Written into the file; another number means another layout, and the index is rebuilt. */
const LAYOUT_VERSION = 1;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS session (
  tenant TEXT NOT NULL, sid TEXT NOT NULL, seq INTEGER NOT NULL, leaf TEXT NOT NULL, first_leaf TEXT NOT NULL,
  last_segment INTEGER NOT NULL, last_offset INTEGER NOT NULL, state TEXT NOT NULL, key_id INTEGER NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT NOT NULL, decisions INTEGER NOT NULL, allowed INTEGER NOT NULL,
  reviewed INTEGER NOT NULL, blocked INTEGER NOT NULL, chain_valid INTEGER NOT NULL,
  open_count INTEGER NOT NULL, open TEXT NOT NULL, unknown TEXT NOT NULL,
  PRIMARY KEY (tenant, sid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_by_time ON session (started_at, tenant, sid);
CREATE INDEX IF NOT EXISTS session_by_tenant_time ON session (tenant, started_at, sid);
CREATE INDEX IF NOT EXISTS session_open ON session (open_count) WHERE open_count > 0;
CREATE TABLE IF NOT EXISTS landmark (
  name TEXT NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY (name, segment, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (id INTEGER PRIMARY KEY CHECK (id = 0), layout INTEGER NOT NULL, place TEXT NOT NULL);
`;

const COLUMNS = `tenant, sid, seq, leaf, first_leaf, last_segment, last_offset, state, key_id, started_at, ended_at,
  decisions, allowed, reviewed, blocked, chain_valid, open_count, open, unknown`;
const UPSERT = `INSERT OR REPLACE INTO session (${COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`;
const ADD_LANDMARK = "INSERT OR IGNORE INTO landmark (name, segment, offset) VALUES (?, ?, ?)";

/**
 * @param open waits for another process to close the file, but not for ever
 * @throws AegisError `conflict` when another process has the log open.
 */
export function createSqliteSessionIndex(open: () => SqliteDatabase): SessionIndex {
  const database = openExclusively(open);
  let isOpen = true;
  return {
    load: ({ tenant, sid }) => {
      const row = database.get(`SELECT ${COLUMNS} FROM session WHERE tenant = ? AND sid = ?`, tenant, sid);
      return row === undefined ? undefined : toSession(row);
    },
    save: ({ sessions, landmarks, snapshot }) =>
      database.transaction(() => {
        for (const session of sessions) database.run(UPSERT, ...toValues(session));
        for (const { name, at } of landmarks) database.run(ADD_LANDMARK, name, at.segment, at.offset);
        const place = JSON.stringify(toPlace(snapshot));
        database.run("INSERT OR REPLACE INTO snapshot (id, layout, place) VALUES (0, ?, ?)", LAYOUT_VERSION, place);
      }),
    snapshot: () => {
      const row = database.get("SELECT layout, place FROM snapshot WHERE id = 0");
      return row?.["layout"] === LAYOUT_VERSION ? fromPlace(JSON.parse(String(row["place"]))) : undefined;
    },
    landmarks: (name) =>
      database
        .all(
          "SELECT segment, offset FROM landmark WHERE name = ? ORDER BY segment, offset LIMIT ?",
          name,
          LANDMARKS_FOUND_MAX,
        )
        .map((row) => ({ segment: Number(row["segment"]), offset: Number(row["offset"]) })),
    list: (query) => listSessions(database, query),
    after: (ref, limit) => sessionsAfter(database, ref, limit),
    markChain: ({ tenant, sid }, valid) => {
      database.run("UPDATE session SET chain_valid = ? WHERE tenant = ? AND sid = ?", valid ? 1 : 0, tenant, sid);
    },
    withOpenDecisions: () => database.all(`SELECT ${COLUMNS} FROM session WHERE open_count > 0`).map(toSession),
    clear: () =>
      database.transaction(() => {
        database.exec("DELETE FROM session; DELETE FROM landmark; DELETE FROM snapshot;");
      }),
    close: () => {
      if (isOpen) database.close();
      isOpen = false;
    },
  };
}

/** In exclusive mode the first write takes a lock that only the end of the process (or `close`) gives back. */
function openExclusively(open: () => SqliteDatabase): SqliteDatabase {
  try {
    const database = open();
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL;");
    database.exec(SCHEMA);
    database.transaction(() => database.exec("DELETE FROM snapshot WHERE layout < 0"));
    return database;
  } catch (cause) {
    if (/lock|busy/i.test(errorText(cause))) {
      throw new AegisError("conflict", "another process has this evidence log open, stop it first", { cause });
    }
    const message = "the evidence log's index cannot be opened, delete `index.db*` to have it rebuilt";
    throw new AegisError("unavailable", message, { cause });
  }
}

type Values = readonly (string | number)[];

function toValues(session: SessionState): Values {
  const { tenant, sid, seq, leaf, firstLeaf, last, state, keyId, startedAt, endedAt } = session;
  const { decisions, allowed, reviewed, blocked, chainValid, open, unknown } = session;
  return [
    tenant,
    sid,
    seq,
    leaf,
    firstLeaf,
    last.segment,
    last.offset,
    state,
    keyId,
    startedAt,
    endedAt,
    decisions,
    allowed,
    reviewed,
    blocked,
    chainValid ? 1 : 0,
    open.size,
    [...open].join(" "),
    [...unknown].join(" "),
  ];
}

function toSession(row: SqlRow): SessionState {
  const text = (name: string): string => String(row[name]);
  const count = (name: string): number => Number(row[name]);
  return {
    tenant: text("tenant"),
    sid: text("sid"),
    seq: count("seq"),
    leaf: text("leaf"),
    firstLeaf: text("first_leaf"),
    last: { segment: count("last_segment"), offset: count("last_offset") },
    state: text("state") === "closed" ? "closed" : "open",
    keyId: count("key_id"),
    startedAt: text("started_at"),
    endedAt: text("ended_at"),
    decisions: count("decisions"),
    allowed: count("allowed"),
    reviewed: count("reviewed"),
    blocked: count("blocked"),
    chainValid: count("chain_valid") === 1,
    open: wordsOf(text("open")),
    unknown: wordsOf(text("unknown")),
  };
}

function wordsOf(text: string): Set<string> {
  return new Set(text === "" ? [] : text.split(" "));
}

interface Place extends Omit<LogSnapshot, "edge"> {
  readonly size: number;
  readonly hashes: readonly string[];
  readonly partial: readonly string[];
}

function toPlace({ edge, ...rest }: LogSnapshot): Place {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return { ...rest, size: edge.range.size, hashes: edge.range.hashes.map(base64), partial: edge.partial.map(base64) };
}

function fromPlace({ size, hashes, partial, ...rest }: Place): LogSnapshot {
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
  fromHex(rest.lastLeaf);
  return { ...rest, edge: { range: { size, hashes: hashes.map(bytes) }, partial: partial.map(bytes) } };
}

const NEWEST_FIRST = "ORDER BY started_at DESC, tenant DESC, sid DESC LIMIT ?";

/** After every time and name there can be: they are ASCII. */
const FROM_THE_TOP = ["\u{10ffff}", "", ""];

function listSessions(database: SqliteDatabase, { tenant, cursor, limit }: SessionQuery): SessionPage {
  const place = cursor === undefined ? FROM_THE_TOP : readCursor(cursor);
  const before = "(started_at, tenant, sid) < (?, ?, ?)";
  const rows =
    tenant === undefined
      ? database.all(`SELECT ${COLUMNS} FROM session WHERE ${before} ${NEWEST_FIRST}`, ...place, limit + 1)
      : database.all(
          `SELECT ${COLUMNS} FROM session WHERE tenant = ? AND ${before} ${NEWEST_FIRST}`,
          tenant,
          ...place,
          limit + 1,
        );
  return cutPage(rows.map(toSession), limit, false);
}

function sessionsAfter(database: SqliteDatabase, ref: SessionRef | undefined, limit: number): readonly SessionState[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM session WHERE (tenant, sid) > (?, ?) ORDER BY tenant, sid LIMIT ?`,
      ref?.tenant ?? "",
      ref?.sid ?? "",
      limit,
    )
    .map(toSession);
}

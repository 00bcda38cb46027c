/**
 * The index of sessions: derived from the segments, rebuilt from them when it is lost, so it may lag behind by what
 * a power cut takes, but is never torn and never ahead of acknowledged records. It is saved together with the place
 * in the log it is true for, so that opening scans only what came after.
 */
import type { FramePosition } from "./record-payload.ts";
import { type SessionRef, type SessionState, sessionKey } from "./session-state.ts";
import type { TreeEdge } from "./tree-edge.ts";

/** A policy is loaded anew at every start; the first loads are the ones that older decisions need. */
export const LANDMARKS_FOUND_MAX = 64;

/** The place in the log that the saved sessions are true for: always right after a signed checkpoint. */
export interface LogSnapshot {
  readonly origin: string;
  /** End of the last acknowledged frame. */
  readonly segment: number;
  readonly offset: number;
  readonly batch: number;
  /** Leaf hash of the last record, 64 hex. */
  readonly lastLeaf: string;
  /** The tree's right edge at that place: its size and root are those of the checkpoint. */
  readonly edge: TreeEdge;
  /** Highest key id that a record uses. */
  readonly keyIdMax: number;
}

export interface SessionQuery {
  readonly tenant?: string;
  /** The cursor of the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionState[];
  readonly nextCursor?: string;
}

/** A record that bundles of other sessions may need: found by name, not by its session. */
export interface Landmark {
  /** Leaf hash of a vote, a request or a reviewed decision; `policy:<hash>`; `redaction:<leaf hash of its target>`. */
  readonly name: string;
  readonly at: FramePosition;
}

export interface IndexChanges {
  readonly sessions: Iterable<SessionState>;
  readonly landmarks: readonly Landmark[];
  readonly snapshot: LogSnapshot;
}

/**
 * Durability: what `save` took may be lost by a power cut (the latest saves first), never torn.
 * Trusted: whoever can write it can make the log believe in wrong heads; each head is compared with the stored
 * record before the chain goes on from it.
 */
export interface SessionIndex {
  load(ref: SessionRef): SessionState | undefined;
  /** All of it or nothing. */
  save(changes: IndexChanges): void;
  /** In the order of the log; at most `LANDMARKS_FOUND_MAX`. */
  landmarks(name: string): readonly FramePosition[];
  snapshot(): LogSnapshot | undefined;
  /** Newest first. */
  list(query: SessionQuery): SessionPage;
  /** Sessions after this one in the order of tenant and sid, which are ASCII. */
  after(ref: SessionRef | undefined, limit: number): readonly SessionState[];
  /** What a check of the stored bytes found. */
  markChain(ref: SessionRef, valid: boolean): void;
  withOpenDecisions(): readonly SessionState[];
  /** Forgets everything, before a rebuild. */
  clear(): void;
  close(): void;
}

/** Lists are in the reverse order of this. */
function listPlace(session: SessionState): string {
  return `${session.startedAt}\u0000${sessionKey(session)}`;
}

/** True for the sessions that this page and those after it show. */
export function isListed(session: SessionState, { tenant, cursor }: SessionQuery): boolean {
  return (
    (tenant === undefined || session.tenant === tenant) &&
    (cursor === undefined || listPlace(session) < readCursor(cursor).join("\u0000"))
  );
}

/** The newest `limit` sessions; `more` when others follow even if all of these fit. */
export function cutPage(sessions: readonly SessionState[], limit: number, more: boolean): SessionPage {
  const ordered = sessions.toSorted((a, b) => (listPlace(a) < listPlace(b) ? 1 : -1));
  const page = ordered.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined || (ordered.length <= limit && !more)) return { sessions: page };
  return { sessions: page, nextCursor: Buffer.from(listPlace(last), "utf8").toString("base64url") };
}

/** Start time, tenant and sid of the last session of the page before. */
export function readCursor(cursor: string): readonly [startedAt: string, tenant: string, sid: string] {
  const [startedAt = "", tenant = "", sid = ""] = Buffer.from(cursor, "base64url").toString("utf8").split("\u0000");
  return [startedAt, tenant, sid];
}

/** A page of the index brought up to date with sessions that have moved since it was saved. */
export function mergePage(page: SessionPage, moved: readonly SessionState[], query: SessionQuery): SessionPage {
  const oldest = page.nextCursor === undefined ? undefined : page.sessions.at(-1);
  const fresh = moved.filter(
    (session) => isListed(session, query) && (oldest === undefined || listPlace(session) >= listPlace(oldest)),
  );
  const byKey = new Map([...page.sessions, ...fresh].map((session) => [sessionKey(session), session]));
  return cutPage([...byKey.values()], query.limit, page.nextCursor !== undefined);
}

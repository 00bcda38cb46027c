/** The session index in memory: for simulations, tests and the in-memory evidence log. Nothing survives `close`. */
import {
  cutPage,
  isListed,
  LANDMARKS_FOUND_MAX,
  type Landmark,
  type LogSnapshot,
  type SessionIndex,
  type SessionPage,
  type SessionQuery,
} from "./session-index.ts";
import { compareSessions, type SessionState, sessionKey } from "./session-state.ts";

/** What a save left behind; starting from it plays a process that reads its index again. */
export interface SavedIndex {
  readonly sessions: ReadonlyMap<string, SessionState>;
  readonly landmarks: readonly Landmark[];
  readonly snapshot: LogSnapshot | undefined;
}

export interface MemorySessionIndex extends SessionIndex {
  saved(): SavedIndex;
}

export const EMPTY_INDEX: SavedIndex = { sessions: new Map(), landmarks: [], snapshot: undefined };

export function createMemorySessionIndex(from: SavedIndex = EMPTY_INDEX): MemorySessionIndex {
  let sessions = new Map(from.sessions);
  let landmarks = from.landmarks;
  let snapshot = from.snapshot;
  const ordered = (): readonly SessionState[] => [...sessions.values()].sort(compareSessions);
  return {
    load: (ref) => {
      const stored = sessions.get(sessionKey(ref));
      return stored === undefined ? undefined : copySession(stored);
    },
    save: (changes) => {
      sessions = new Map(sessions);
      for (const session of changes.sessions) sessions.set(sessionKey(session), copySession(session));
      landmarks = [...landmarks, ...changes.landmarks];
      snapshot = changes.snapshot;
    },
    landmarks: (name) =>
      landmarks
        .filter((landmark) => landmark.name === name)
        .map(({ at }) => at)
        .slice(0, LANDMARKS_FOUND_MAX),
    snapshot: () => snapshot,
    list: (query) => pageOf([...sessions.values()], query),
    after: (ref, limit) =>
      ordered()
        .filter((session) => ref === undefined || compareSessions(session, ref) > 0)
        .slice(0, limit),
    markChain: (ref, chainValid) => {
      const session = sessions.get(sessionKey(ref));
      if (session !== undefined) sessions.set(sessionKey(ref), { ...session, chainValid });
    },
    withOpenDecisions: () => [...sessions.values()].filter(({ open }) => open.size > 0).map(copySession),
    clear: () => {
      sessions = new Map();
      landmarks = [];
      snapshot = undefined;
    },
    close: () => {},
    saved: () => ({ sessions, landmarks, snapshot }),
  };
}

function copySession(session: SessionState): SessionState {
  return { ...session, open: new Set(session.open), unknown: new Set(session.unknown) };
}

function pageOf(sessions: readonly SessionState[], query: SessionQuery): SessionPage {
  return cutPage(
    sessions.filter((session) => isListed(session, query)),
    query.limit,
    false,
  );
}

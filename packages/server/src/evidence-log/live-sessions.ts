/**
 * The sessions that are being written to, in memory: where each chain is *going* to end once everything queued is
 * durable, beside what is durable already. Bounded: a session with nothing queued and nothing unsaved is forgotten
 * when others are busier, and read back from the index when it goes on.
 */
import { AegisError } from "@aegisflow/core";
import type { KeyCursor } from "./key-tree.ts";
import type { FramePosition } from "./record-payload.ts";
import { newSession, type SessionRef, type SessionState, sessionKey } from "./session-state.ts";

/** Sessions held in memory beyond those with unsaved records: about 5 KB each. */
export const LIVE_SESSIONS_MAX = 1024;

export interface LiveSession {
  /** Durable: what readers are shown. */
  readonly state: SessionState;
  /** Of the last record that was given a place in the chain. */
  seq: number;
  leaf: string;
  closing: boolean;
  /** Frame of the last record that was given a place in the log. */
  readonly chain: { last: FramePosition };
  keyId: number;
  cursor: KeyCursor | undefined;
  /** Records queued or being written. */
  pending: number;
  /** Has records that the index does not know. */
  dirty: boolean;
}

export class LiveSessions {
  readonly #load: (ref: SessionRef) => SessionState | undefined;
  readonly #live = new Map<string, LiveSession>();

  /** @param load the durable state of a session that is not live, checked against its stored record */
  constructor(load: (ref: SessionRef) => SessionState | undefined) {
    this.#load = load;
  }

  /** The session, live from now on. */
  use(ref: SessionRef): LiveSession {
    const key = sessionKey(ref);
    const known = this.#live.get(key);
    const session = known ?? toLive(this.#load(ref) ?? newSession(ref));
    // Moved to the end: the first in the map is the one unused for longest.
    if (known !== undefined) this.#live.delete(key);
    this.#live.set(key, session);
    return session;
  }

  /** Takes in what recovery found beyond the index. */
  adopt(state: SessionState): void {
    this.#live.set(sessionKey(state), { ...toLive(state), dirty: true });
  }

  peek(ref: SessionRef): LiveSession | undefined {
    return this.#live.get(sessionKey(ref));
  }

  all(): Iterable<LiveSession> {
    return this.#live.values();
  }

  dirty(): readonly LiveSession[] {
    return [...this.#live.values()].filter((session) => session.dirty);
  }

  /** Forgets the sessions unused for longest until few enough are left. */
  trim(): void {
    for (const [key, session] of this.#live) {
      if (this.#live.size <= LIVE_SESSIONS_MAX) return;
      if (session.pending === 0 && !session.dirty) this.#live.delete(key);
    }
  }
}

function toLive(state: SessionState): LiveSession {
  const { seq, leaf, last, keyId } = state;
  return {
    state,
    seq,
    leaf,
    closing: state.state === "closed",
    chain: { last },
    keyId,
    cursor: undefined,
    pending: 0,
    dirty: false,
  };
}

/** Nothing may follow the record that closed a session. */
export function assertOpen(session: LiveSession): void {
  if (!session.closing) return;
  throw new AegisError("conflict", `session \`${session.state.sid}\` is closed, use a new session id`);
}

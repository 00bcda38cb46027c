/**
 * Brings the index up to date with what has become durable: sessions, landmarks, and the place in the log, saved
 * together right after a checkpoint, when nothing else is durable.
 */
import { toHex } from "@aegisflow/evidence";
import type { QueuedRecord } from "./append-queue.ts";
import type { LogEnd } from "./batch-builder.ts";
import type { LiveSessions } from "./live-sessions.ts";
import type { FramePosition } from "./record-payload.ts";
import type { RecoveredLog } from "./recovery.ts";
import type { SignedCheckpoint } from "./segment-writer.ts";
import type { Landmark, SessionIndex } from "./session-index.ts";
import { advanceSession } from "./session-state.ts";

export class IndexSaver {
  readonly #index: SessionIndex;
  readonly #sessions: LiveSessions;
  readonly #origin: string;
  #landmarks: Landmark[];
  /** Highest key id that a durable record uses. */
  #keyIdMax: number;
  #held = 0;

  constructor(index: SessionIndex, sessions: LiveSessions, origin: string, recovered: RecoveredLog) {
    this.#index = index;
    this.#sessions = sessions;
    this.#origin = origin;
    this.#landmarks = [...recovered.landmarks];
    this.#keyIdMax = recovered.keyIdMax;
  }

  /** The record is durable: its session is one further. */
  noteDurable({ session, record, facts, landmarks }: QueuedRecord, at: FramePosition): void {
    advanceSession(session.state, facts, at);
    if (record.keyId !== 0) this.#noteKey(session.state, record.keyId);
    session.dirty = true;
    for (const name of landmarks) this.#landmarks.push({ name, at });
  }

  /** A key is known from the first durable record that uses it: before, a crash may still give its id to another. */
  #noteKey(state: { keyId: number }, keyId: number): void {
    state.keyId = keyId;
    this.#keyIdMax = Math.max(this.#keyIdMax, keyId);
  }

  /** Keeps the index as it is while the work reads it. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
    }
  }

  /** Saves if the checkpoint covers all that is durable, as it does when it has just been answered. */
  save({ size, edge }: SignedCheckpoint, end: LogEnd): void {
    if (this.#held > 0 || size !== end.size) return;
    const dirty = this.#sessions.dirty();
    const { segment, offset, batch } = end;
    this.#index.save({
      sessions: dirty.map(({ state }) => state),
      landmarks: this.#landmarks,
      snapshot: {
        origin: this.#origin,
        segment,
        offset,
        batch,
        lastLeaf: toHex(end.lastLeaf),
        edge,
        keyIdMax: this.#keyIdMax,
      },
    });
    for (const session of dirty) session.dirty = false;
    this.#landmarks = [];
    this.#sessions.trim();
  }
}

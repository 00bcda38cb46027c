/**
 * The running log: drafts become records of their chains at once, in the order of the calls, and are answered when
 * they are durable. Holds the chains, the queue, the newest checkpoint and the way into failure; reading, exporting
 * and erasing are built on it in other files.
 */
import { AegisError } from "@aegisflow/core";
import { toHex, utf8Encode } from "@aegisflow/evidence";
import { AppendQueue } from "./append-queue.ts";
import type { EvidenceLimits } from "./evidence-limits.ts";
import { assertOpen, type LiveSession, LiveSessions } from "./live-sessions.ts";
import type { LogWriter, StartWriter } from "./log-writer.ts";
import { RecordBuilder, type RecordContext, type RecordDraft } from "./record-builder.ts";
import type { FramePosition } from "./record-payload.ts";
import type { RecoveredLog } from "./recovery.ts";
import type { SignedCheckpoint } from "./segment-writer.ts";
import type { Landmark, SessionIndex } from "./session-index.ts";
import type { SessionKeys } from "./session-keys.ts";
import { advanceSession, type SessionRef, type SessionState } from "./session-state.ts";

/** A record that is durable, and where. */
export interface WrittenRecord extends SessionRef {
  readonly seq: number;
  /** 64 hex. */
  readonly leaf: string;
  readonly at: FramePosition;
}

export interface LogCoreOptions {
  readonly context: RecordContext;
  readonly limits: EvidenceLimits;
  readonly index: SessionIndex;
  readonly keys: SessionKeys;
  readonly startWriter: StartWriter;
  readonly loadSession: (ref: SessionRef) => SessionState | undefined;
  readonly defer: (work: () => void) => void;
  readonly onFatal: (error: AegisError) => void;
  /** Called after records have become durable. */
  readonly onGrown: () => void;
}

/** Visible ASCII: one order everywhere, and nothing that could hide in a list. */
const NAME = /^[\x21-\x7e]{1,200}$/;
const SESSION_OPEN = "session.open";

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: AegisError) => void;
}

export class LogCore {
  readonly sessions: LiveSessions;
  readonly queue: AppendQueue;
  readonly #options: LogCoreOptions;
  readonly #writer: LogWriter;
  readonly #builder: RecordBuilder;
  #landmarks: Landmark[] = [];
  #checkpoint: SignedCheckpoint | undefined;
  #signedSize: number;
  /** Highest key id that a durable record uses. */
  #keyIdMax: number;
  #waiting: { checkpoints: Waiter<void>[]; keys: Waiter<void>[]; closes: Waiter<void>[] } = emptyWaiting();
  #savesHeld = 0;
  #failure: AegisError | undefined;
  #closing = false;

  constructor(recovered: RecoveredLog, options: LogCoreOptions) {
    this.#options = options;
    this.#builder = new RecordBuilder(options.context);
    this.sessions = new LiveSessions(options.loadSession);
    for (const state of recovered.changed) this.sessions.adopt(state);
    this.#landmarks = [...recovered.landmarks];
    this.#keyIdMax = recovered.keyIdMax;
    this.#checkpoint = recovered.checkpoint;
    this.#signedSize = recovered.published ? recovered.signed.size : 0;
    this.#writer = options.startWriter(
      {
        ...recovered.end,
        origin: options.context.origin,
        edge: recovered.edge,
        tiles: recovered.tiles,
        signed: recovered.signed,
        published: recovered.published,
      },
      {
        committed: (memory) => {
          this.queue.onCommitted(memory);
          options.onGrown();
        },
        checkpointed: (checkpoint) => this.#onCheckpoint(checkpoint),
        keysReplaced: () => this.#waiting.keys.shift()?.resolve(),
        closed: () => this.#waiting.closes.shift()?.resolve(),
        failed: (error) => this.#fail(error),
      },
    );
    const { limits, defer } = options;
    this.queue = new AppendQueue(this.#writer, {
      end: recovered.end,
      recordsMax: limits.queueRecordsMax,
      bytesMax: limits.queueBytesMax,
      segmentBytes: limits.segmentBytes,
      defer,
      onDurable: ({ session, record, facts, landmarks }, at) => {
        advanceSession(session.state, facts, at);
        this.#noteKey(session, record.keyId);
        session.dirty = true;
        for (const name of landmarks) this.#landmarks.push({ name, at });
      },
    });
  }

  /** A key is known from the first durable record that uses it: before, a crash may still give its id to another. */
  #noteKey(session: LiveSession, keyId: number): void {
    if (keyId === 0) return;
    session.state.keyId = keyId;
    this.#keyIdMax = Math.max(this.#keyIdMax, keyId);
  }

  /** Records are still taken. */
  get isRunning(): boolean {
    return this.#failure === undefined && !this.#closing;
  }

  get failure(): AegisError | undefined {
    return this.#failure;
  }

  /** The newest checkpoint of this run. */
  get checkpoint(): SignedCheckpoint | undefined {
    return this.#checkpoint;
  }

  /** Records that no checkpoint covers yet. */
  get unsigned(): number {
    return this.queue.durableEnd.size - this.#signedSize;
  }

  /**
   * The record, durable. Its chain place is taken before this returns its promise.
   * @throws AegisError `unavailable`, `limit-exceeded`, `invalid-input`, `conflict`.
   */
  append(draft: RecordDraft): Promise<WrittenRecord> {
    return new Promise((resolve, reject) => {
      this.#assertRunning();
      assertNames(draft);
      this.queue.assertRoom();
      const session = this.sessions.use(draft);
      assertOpen(session);
      this.#assertAnswerable(session, draft);
      if (session.seq < 0 && draft.kind !== SESSION_OPEN) {
        this.#enqueue(session, { ...refOf(draft), kind: SESSION_OPEN, p: {}, disclosures: {} }, {});
      }
      this.#enqueue(session, draft, { resolve, reject });
    });
  }

  #enqueue(session: LiveSession, draft: RecordDraft, waiter: Partial<Waiter<WrittenRecord>>): void {
    const { keys } = this.#options;
    const prepared = this.#builder.prepare(session, draft, (live, seq) =>
      keys.recordKey(live, seq, (append) => this.queue.addKeys(append)),
    );
    const { seq } = prepared.facts;
    const { tenant, sid } = session.state;
    this.queue.add({
      ...prepared,
      session,
      resolve: (at) => waiter.resolve?.({ tenant, sid, seq, leaf: prepared.facts.leaf, at }),
      reject: (error) => waiter.reject?.(error),
    });
  }

  #assertRunning(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw new AegisError("unavailable", "the evidence log is closing, try again later");
  }

  #assertAnswerable({ state }: LiveSession, { kind, p, ref }: RecordDraft): void {
    const { openDecisionsMax } = this.#options.limits;
    if (kind === "decision" && p["effect"] !== "block" && state.open.size >= openDecisionsMax) {
      throw new AegisError(
        "limit-exceeded",
        `session \`${state.sid}\` has ${openDecisionsMax} actions without an outcome`,
      );
    }
    if (kind === "outcome" && state.unknown.has(ref?.["decision"] ?? "")) {
      throw new AegisError("conflict", "this action's outcome was recorded as unknown when the log was restarted");
    }
  }

  /** Resolves when a checkpoint covers everything that is durable now. */
  signCheckpoint(): Promise<void> {
    return this.#order("checkpoints", () => this.#writer.checkpoint());
  }

  /** Replaces a key file; nothing may be queued to the writer meanwhile. */
  replaceKeys(shard: number, bytes: Uint8Array): Promise<void> {
    return this.#order("keys", () => this.#writer.replaceKeys(shard, bytes));
  }

  #order(kind: "checkpoints" | "keys" | "closes", give: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#waiting[kind].push({ resolve, reject });
      give();
    });
  }

  #onCheckpoint(checkpoint: SignedCheckpoint | undefined): void {
    if (checkpoint !== undefined) {
      this.#checkpoint = checkpoint;
      this.#signedSize = checkpoint.size;
      this.queue.addNote(utf8Encode(checkpoint.note));
      this.#save();
    }
    this.#waiting.checkpoints.shift()?.resolve();
  }

  /** Keeps the index as it is while the work reads it. */
  async holdIndex<T>(work: () => Promise<T>): Promise<T> {
    this.#savesHeld++;
    try {
      return await work();
    } finally {
      this.#savesHeld--;
    }
  }

  /** Right after a checkpoint nothing else is durable: answers come in order. */
  #save(): void {
    const { durableEnd } = this.queue;
    if (this.#savesHeld > 0 || this.#checkpoint?.size !== durableEnd.size) return;
    const { context, index } = this.#options;
    const dirty = this.sessions.dirty();
    const { segment, offset, batch, lastLeaf } = durableEnd;
    try {
      index.save({
        sessions: dirty.map(({ state }) => state),
        landmarks: this.#landmarks,
        snapshot: {
          segment,
          offset,
          batch,
          origin: context.origin,
          lastLeaf: toHex(lastLeaf),
          edge: this.#checkpoint.edge,
          keyIdMax: this.#keyIdMax,
        },
      });
    } catch (error) {
      // Sessions that cannot be saved could never be forgotten: a full disk ends here too.
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    for (const session of dirty) session.dirty = false;
    this.#landmarks = [];
    this.sessions.trim();
  }

  #fail(cause: Error): void {
    if (this.#failure !== undefined) return;
    const error = new AegisError(
      "unavailable",
      "the evidence log has failed, nothing is executed until it is restarted",
      {
        cause,
        detail: cause.message,
      },
    );
    this.#failure = error;
    this.queue.rejectAll(error);
    const { checkpoints, keys, closes } = this.#waiting;
    this.#waiting = emptyWaiting();
    for (const { reject } of [...checkpoints, ...keys, ...closes]) reject(error);
    this.#options.onFatal(error);
  }

  /** Lets what is queued become durable, signs it, and ends the writer. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#failure === undefined) {
      await this.queue.drain();
      await this.signCheckpoint();
      await this.#order("closes", () => this.#writer.close());
    }
    this.#options.index.close();
  }
}

function emptyWaiting(): { checkpoints: Waiter<void>[]; keys: Waiter<void>[]; closes: Waiter<void>[] } {
  return { checkpoints: [], keys: [], closes: [] };
}

function refOf({ tenant, sid }: SessionRef): SessionRef {
  return { tenant, sid };
}

/** @throws AegisError `invalid-input` unless both can name a chain. */
function assertNames({ tenant, sid }: SessionRef): void {
  if (NAME.test(tenant) && NAME.test(sid)) return;
  throw new AegisError("invalid-input", "tenant and session id must be 1 to 200 visible ASCII characters");
}

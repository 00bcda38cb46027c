/**
 * The running log: drafts become records of their chains at once, in the order of the calls, and are answered when
 * they are durable. Holds the chains, the queue, the newest checkpoint and the way into failure; reading, exporting
 * and erasing are built on it in other files.
 */
import { AegisError } from "@aegisflow/core";
import { utf8Encode } from "@aegisflow/evidence";
import { AppendQueue } from "./append-queue.ts";
import type { EvidenceLimits } from "./evidence-limits.ts";
import { IndexSaver } from "./index-saver.ts";
import { assertOpen, type LiveSession, LiveSessions } from "./live-sessions.ts";
import type { LogWriter, StartWriter, WriterEvents } from "./log-writer.ts";
import { RecordBuilder, type RecordContext, type RecordDraft } from "./record-builder.ts";
import type { FramePosition } from "./record-payload.ts";
import type { RecoveredLog } from "./recovery.ts";
import type { SignedCheckpoint, WriterStart } from "./segment-writer.ts";
import type { SessionIndex } from "./session-index.ts";
import type { SessionKeys } from "./session-keys.ts";
import type { SessionRef, SessionState } from "./session-state.ts";
import { WriterOrders } from "./writer-orders.ts";

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

/** Whom a record answers; nobody waits for those that the log writes by itself. */
type RecordWaiter = Partial<Pick<PromiseWithResolvers<WrittenRecord>, "resolve" | "reject">>;

export class LogCore {
  readonly sessions: LiveSessions;
  readonly queue: AppendQueue;
  readonly #options: LogCoreOptions;
  readonly #writer: LogWriter;
  readonly #builder: RecordBuilder;
  readonly #saver: IndexSaver;
  readonly #orders = new WriterOrders();
  #checkpoint: SignedCheckpoint | undefined;
  #signedSize: number;
  #failure: AegisError | undefined;
  #closed: Promise<void> | undefined;

  constructor(recovered: RecoveredLog, options: LogCoreOptions) {
    const { context, limits, defer } = options;
    this.#options = options;
    this.#builder = new RecordBuilder(context);
    this.sessions = new LiveSessions(options.loadSession);
    for (const state of recovered.changed) this.sessions.adopt(state);
    this.#saver = new IndexSaver(options.index, this.sessions, context.origin, recovered);
    this.#checkpoint = recovered.checkpoint;
    this.#signedSize = recovered.published ? recovered.signed.size : 0;
    this.#writer = options.startWriter(writerStart(recovered, context.origin), this.#writerEvents());
    this.queue = new AppendQueue(this.#writer, {
      end: recovered.end,
      recordsMax: limits.queueRecordsMax,
      bytesMax: limits.queueBytesMax,
      segmentBytes: limits.segmentBytes,
      defer,
      onDurable: (record, at) => this.#saver.noteDurable(record, at),
    });
  }

  #writerEvents(): WriterEvents {
    return {
      committed: (memory) => {
        this.queue.onCommitted(memory);
        this.#options.onGrown();
      },
      checkpointed: (checkpoint) => this.#onCheckpoint(checkpoint),
      keysReplaced: () => this.#orders.answered("replace-keys"),
      closed: () => this.#orders.answered("close"),
      failed: (error) => this.#fail(error),
    };
  }

  /** Records are still taken. */
  get isRunning(): boolean {
    return this.#failure === undefined && this.#closed === undefined;
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

  #enqueue(session: LiveSession, draft: RecordDraft, waiter: RecordWaiter): void {
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
    if (this.#closed !== undefined) throw new AegisError("unavailable", "the evidence log is closing, try again later");
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
    return this.#orders.give("checkpoint", () => this.#writer.checkpoint());
  }

  /** Replaces a key file; nothing may be queued to the writer meanwhile. */
  replaceKeys(shard: number, bytes: Uint8Array): Promise<void> {
    return this.#orders.give("replace-keys", () => this.#writer.replaceKeys(shard, bytes));
  }

  /** Keeps the index as it is while the work reads it. */
  holdIndex<T>(work: () => Promise<T>): Promise<T> {
    return this.#saver.hold(work);
  }

  #onCheckpoint(checkpoint: SignedCheckpoint | undefined): void {
    if (checkpoint !== undefined) {
      this.#checkpoint = checkpoint;
      this.#signedSize = checkpoint.size;
      this.queue.addNote(utf8Encode(checkpoint.note));
      this.#saveIndex(checkpoint);
    }
    this.#orders.answered("checkpoint");
  }

  #saveIndex(checkpoint: SignedCheckpoint): void {
    try {
      this.#saver.save(checkpoint, this.queue.durableEnd);
    } catch (error) {
      // Sessions that cannot be saved could never be forgotten: a full disk ends here too.
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(cause: Error): void {
    if (this.#failure !== undefined) return;
    const message = "the evidence log has failed, nothing is executed until it is restarted";
    const error = new AegisError("unavailable", message, { cause, detail: cause.message });
    this.#failure = error;
    this.queue.rejectAll(error);
    this.#orders.fail(error);
    this.#options.onFatal(error);
  }

  /** Lets what is queued become durable, signs it, and ends the writer. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure !== undefined) return;
      await this.queue.drain();
      await this.signCheckpoint();
      await this.#orders.give("close", () => this.#writer.close());
    } finally {
      this.#options.index.close();
    }
  }
}

function writerStart(recovered: RecoveredLog, origin: string): WriterStart {
  const { end, edge, tiles, signed, published } = recovered;
  return { origin, segment: end.segment, offset: end.offset, edge, tiles, signed, published };
}

function refOf({ tenant, sid }: SessionRef): SessionRef {
  return { tenant, sid };
}

/** @throws AegisError `invalid-input` unless both can name a chain. */
function assertNames({ tenant, sid }: SessionRef): void {
  if (NAME.test(tenant) && NAME.test(sid)) return;
  throw new AegisError("invalid-input", "tenant and session id must be 1 to 200 visible ASCII characters");
}

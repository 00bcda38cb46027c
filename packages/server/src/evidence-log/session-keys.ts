/**
 * The keys of the sessions' disclosures: made when a session first has something to seal, sealed by the KEK, read
 * back when they are needed again. Secrets never leave this object but as single record keys.
 */
import { AegisError } from "@aegisflow/core";
import type { KeyAppend } from "./batch.ts";
import type { FileSystem } from "./file-system.ts";
import { encodeKeyEntry, openKeyEntry, readKeyFile, shardOf } from "./key-files.ts";
import { eraseRecord, KEY_BYTES, KeyCursor, type KeySet, wholeKeySet } from "./key-tree.ts";
import type { LiveSession } from "./live-sessions.ts";
import { openBody, withoutFields } from "./record-body.ts";
import type { FramePosition } from "./record-payload.ts";
import type { SessionRef } from "./session-state.ts";

const NONCE_BYTES = 12;

export interface SessionKeysOptions {
  readonly files: FileSystem;
  readonly kek: Uint8Array;
  readonly nextKeyId: number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** What to erase: fields of one record, by their place among its `fieldCount` sorted names. */
export interface ErasedFields extends SessionRef {
  readonly keyId: number;
  readonly seq: number;
  readonly at: FramePosition;
  readonly fields: ReadonlySet<number>;
  readonly fieldCount: number;
}

export class SessionKeys {
  readonly #options: SessionKeysOptions;
  #nextKeyId: number;

  constructor(options: SessionKeysOptions) {
    this.#options = options;
    this.#nextKeyId = options.nextKeyId;
  }

  /** Key of a record to be written. A new session's keys go to `store`, to be durable before the record. */
  recordKey(session: LiveSession, seq: number, store: (append: KeyAppend) => void): Uint8Array {
    if (session.keyId === 0) session.cursor = this.#create(session, store);
    session.cursor ??= new KeyCursor(this.load(session.state, session.keyId));
    const key = session.cursor.recordKey(seq);
    if (key === undefined) throw new AegisError("internal", "a record's key was erased before the record was written");
    return key;
  }

  #create(session: LiveSession, store: (append: KeyAppend) => void): KeyCursor {
    const { kek, randomBytes } = this.#options;
    const set = wholeKeySet(randomBytes(KEY_BYTES).slice());
    const keyId = this.#nextKeyId++;
    session.keyId = keyId;
    store({ shard: shardOf(keyId), bytes: encodeKeyEntry(kek, keyId, session.state, set, randomBytes(NONCE_BYTES)) });
    return new KeyCursor(set);
  }

  /** @throws AegisError `corrupt` when the keys are missing or do not open. */
  load(ref: SessionRef, keyId: number): KeySet {
    const { files, kek } = this.#options;
    const entry = readKeyFile(files, shardOf(keyId)).entries.get(keyId);
    if (entry === undefined) throw new AegisError("corrupt", "the keys of a session's disclosures are missing");
    return openKeyEntry(kek, entry, ref);
  }

  /** The session's key file without the record's key; what is not to be erased stays in it. */
  without(erased: ErasedFields, stored: Uint8Array): { readonly shard: number; readonly bytes: Uint8Array } {
    const { files, kek, randomBytes } = this.#options;
    const shard = shardOf(erased.keyId);
    const set = this.load(erased, erased.keyId);
    const plain = openBody(stored, set, erased.seq);
    // A box that does not open has nothing to keep.
    const left =
      plain === undefined || plain === "damaged" ? undefined : withoutFields(plain, erased.fields, erased.fieldCount);
    const next = eraseRecord(set, erased.seq, left);
    const replaced = encodeKeyEntry(kek, erased.keyId, erased, next, randomBytes(NONCE_BYTES));
    const { entries } = readKeyFile(files, shard);
    return { shard, bytes: Buffer.concat([...entries].map(([id, entry]) => (id === erased.keyId ? replaced : entry))) };
  }
}

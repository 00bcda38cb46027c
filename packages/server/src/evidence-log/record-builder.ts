/**
 * Makes the record of a draft: its place in the session's chain, commitments, header, leaf hash, sealed body.
 * A value that is too large to keep is committed to by its digest; the record never fails for its size.
 */
import { createHash } from "node:crypto";
import { AegisError, type JsonValue } from "@aegisflow/core";
import {
  buildRecord,
  canonicalJson,
  EvidenceError,
  type RecordDraft as HeaderDraft,
  NO_PREDECESSOR,
} from "@aegisflow/evidence";
import { DISCLOSURE_DEPTH_MAX } from "@aegisflow/evidence/commitment";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Clock } from "../governance/ports.ts";
import type { PendingRecord } from "./batch-builder.ts";
import type { LiveSession } from "./live-sessions.ts";
import { type QuickRecord, QuickRecords, quotePlain } from "./quick-record.ts";
import { bodyBytes, type FieldText } from "./record-payload.ts";
import { factsOf, landmarkNames, type RecordFacts } from "./session-state.ts";

/** Above this a value is kept as its digest: evidence is for what was done, not for moving files. */
export const VALUE_CHARS_MAX = 64 * 1024;
/** Sum over a record; above it, every value longer than `LARGE_VALUE_CHARS` is kept as its digest. */
export const RECORD_BODY_CHARS_MAX = 512 * 1024;
const LARGE_VALUE_CHARS = 4 * 1024;
const NONCE_BYTES = 12;
const SALT_BYTES = 16;

/** A draft of any kind, the log's own included. */
export interface RecordDraft {
  readonly tenant: string;
  readonly sid: string;
  readonly kind: string;
  readonly p: Readonly<Record<string, string>>;
  readonly disclosures: Readonly<Record<string, JsonValue>>;
  readonly ref?: Readonly<Record<string, string>>;
}

/** What is the same in all records of one run. */
export interface RecordContext {
  readonly origin: string;
  readonly boot: string;
  readonly epoch: number;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface PreparedRecord {
  readonly record: PendingRecord;
  readonly facts: RecordFacts;
  readonly landmarks: readonly string[];
}

/** Key of the record being made; only asked for when it has something to seal. */
export type RecordKeys = (session: LiveSession, seq: number) => Uint8Array;

export class RecordBuilder {
  readonly #context: RecordContext;
  readonly #quick = new QuickRecords();
  /** Records of this run: with the run's own id, the id of each. */
  #made = 0;

  constructor(context: RecordContext) {
    this.#context = context;
  }

  /**
   * The next record of the session; the session's chain goes on from it.
   * @throws AegisError `invalid-input` when the draft cannot be a record; the chain stays as it was.
   */
  prepare(session: LiveSession, draft: RecordDraft, keys: RecordKeys): PreparedRecord {
    const { randomBytes } = this.#context;
    const values = keptValues(draft.disclosures);
    const fields = values.map(({ name, text, textBytes }): FieldText => {
      return { name, text, textBytes, salt: randomBytes(SALT_BYTES) };
    });
    const header = this.#header(session, draft);
    const {
      header: text,
      headerBytes,
      leaf,
    } = this.#quick.build(header, fields) ?? buildSlowly(header, values, fields);
    const key = fields.length === 0 ? undefined : keys(session, header.seq);
    session.seq = header.seq;
    session.leaf = leaf;
    session.closing = draft.kind === "session.close";
    const keyId = key === undefined ? 0 : session.keyId;
    return {
      record: {
        header: text,
        headerBytes,
        leaf,
        chain: session.chain,
        fields,
        bodyBytes: bodyBytes(fields),
        nonce: randomBytes(NONCE_BYTES),
        key,
        keyId,
      },
      facts: factsOf(header, leaf),
      landmarks: landmarkNames(header, leaf),
    };
  }

  #header(session: LiveSession, { kind, p, ref = {} }: RecordDraft): HeaderDraft {
    const { origin, boot, epoch, clock } = this.#context;
    const { tenant, sid } = session.state;
    return {
      boot,
      epoch,
      id: `${boot}-${++this.#made}`,
      kind,
      log: origin,
      mono: String(Math.floor(clock.monotonicMs() * 1000)),
      p,
      prev: session.seq < 0 ? NO_PREDECESSOR : session.leaf,
      ref,
      seq: session.seq + 1,
      sid,
      tenant,
      ts: clock.nowIso(),
    };
  }
}

const NO_SALT = new Uint8Array(0);

interface KeptValue {
  readonly name: string;
  readonly value: JsonValue;
  /** Canonical JSON, made once: measured, committed to and sealed. */
  readonly text: string;
  readonly textBytes: number;
}

/** The general way, for whatever the quick one does not take. */
function buildSlowly(header: HeaderDraft, values: readonly KeptValue[], fields: readonly FieldText[]): QuickRecord {
  const salts = fields.map(({ salt }) => salt);
  const disclosures = Object.fromEntries(values.map(({ name, value }) => [name, value]));
  const built = refusing(() => buildRecord(nodeCrypto, header, disclosures, () => salts.shift() ?? NO_SALT));
  return { ...built, headerBytes: Buffer.byteLength(built.header, "utf8") };
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new AegisError("invalid-input", `this cannot be recorded: ${error.message}`, { cause: error });
  }
}

/** In the order of the names, which is the order of the sealed boxes. */
function keptValues(disclosures: RecordDraft["disclosures"]): readonly KeptValue[] {
  let total = 0;
  const kept = Object.keys(disclosures)
    .sort()
    .map((name): KeptValue => {
      const value = disclosures[name] ?? null;
      const printed = printValue(value);
      total += printed.text.length;
      return { name, value, ...printed };
    });
  const charsMax = total > RECORD_BODY_CHARS_MAX ? LARGE_VALUE_CHARS : VALUE_CHARS_MAX;
  return total > charsMax ? kept.map((value) => (value.text.length > charsMax ? digestOf(value) : value)) : kept;
}

interface PrintedValue {
  readonly text: string;
  readonly textBytes: number;
}

function printValue(value: JsonValue): PrintedValue {
  const quoted = typeof value === "string" ? quotePlain(value) : undefined;
  if (quoted !== undefined) return { text: quoted, textBytes: quoted.length };
  const text = refusing(() => canonicalJson(value, { numbers: "strict-json", depthMax: DISCLOSURE_DEPTH_MAX }));
  return { text, textBytes: Buffer.byteLength(text, "utf8") };
}

function digestOf({ name, text, textBytes }: KeptValue): KeptValue {
  const sha256 = createHash("sha256").update(text, "utf8").digest("hex");
  const value = { bytes: String(textBytes), omitted: true, sha256 };
  return { name, value, ...printValue(value) };
}

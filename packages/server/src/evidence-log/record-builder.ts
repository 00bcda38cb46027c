/**
 * Makes the record of a draft: its place in the session's chain, commitments, header, leaf hash, body.
 * A value that cannot be kept as it is (too large, too deep) is committed to by its digest: no record is refused for
 * what a tool answered.
 */
import { createHash } from "node:crypto";
import { AegisError, type JsonValue } from "@aegisflow/core";
import {
  buildRecord,
  type CanonicalOptions,
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
import { type QuickRecord, QuickRecords, quotePlain, sortedKeys } from "./quick-record.ts";
import { type BodyDraft, bodyBytesOf, type FieldText, randomBytesOf } from "./record-body.ts";
import { factsOf, landmarkNames, type RecordFacts } from "./session-state.ts";

/** Above this a value is kept as its digest: evidence is for what was done, not for moving files. */
export const VALUE_CHARS_MAX = 64 * 1024;
/** Sum over a record; above it, every value longer than `LARGE_VALUE_CHARS` is kept as its digest. */
export const RECORD_BODY_CHARS_MAX = 512 * 1024;
const LARGE_VALUE_CHARS = 4 * 1024;

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
    const body = this.#body(draft);
    const header = this.#header(session, draft);
    const built = this.#quick.build(header, body) ?? buildSlowly(header, body);
    const key = body.fields.length === 0 ? undefined : keys(session, header.seq);
    session.seq = header.seq;
    session.leaf = built.leaf;
    session.closing = draft.kind === "session.close";
    const keyId = key === undefined ? 0 : session.keyId;
    const { chain } = session;
    return {
      record: { ...built, chain, body, bodyBytes: bodyBytesOf(body.fields), key, keyId },
      facts: factsOf(header, built.leaf),
      landmarks: landmarkNames(header, built.leaf),
    };
  }

  #body({ disclosures }: RecordDraft): BodyDraft {
    const fields = keptFields(disclosures);
    return fields.length === 0 ? NO_BODY : { fields, random: this.#context.randomBytes(randomBytesOf(fields.length)) };
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

const NO_BODY: BodyDraft = { fields: [], random: new Uint8Array(0) };

/** The general way, for whatever the quick one does not take. */
function buildSlowly(header: HeaderDraft, { fields, random }: BodyDraft): QuickRecord {
  const disclosures = Object.fromEntries(fields.map(({ name, text }) => [name, JSON.parse(text)]));
  let used = 0;
  const nextSalt = (bytes: number): Uint8Array => {
    used += bytes;
    return random.subarray(used - bytes, used);
  };
  const { header: text, leaf } = refusing(() => buildRecord(nodeCrypto, header, disclosures, nextSalt));
  return { header: text, leaf, headerBytes: Buffer.byteLength(text, "utf8") };
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new AegisError("invalid-input", `this cannot be recorded: ${error.message}`, { cause: error });
  }
}

/** In the order of the names. */
function keptFields(disclosures: RecordDraft["disclosures"]): readonly FieldText[] {
  let total = 0;
  const fields: FieldText[] = [];
  for (const name of sortedKeys(disclosures)) {
    const field = printField(name, disclosures[name] ?? null);
    total += field.text.length;
    fields.push(field);
  }
  if (total <= VALUE_CHARS_MAX) return fields;
  const charsMax = total > RECORD_BODY_CHARS_MAX ? LARGE_VALUE_CHARS : VALUE_CHARS_MAX;
  return fields.map((field) => (field.text.length > charsMax ? digestOf(field.name, field.text) : field));
}

function printField(name: string, value: JsonValue): FieldText {
  const quoted = typeof value === "string" ? quotePlain(value) : undefined;
  if (quoted !== undefined) return { name, text: quoted, textBytes: quoted.length };
  const text = canonicalText(value, "strict-json");
  if (text !== undefined) return { name, text, textBytes: Buffer.byteLength(text, "utf8") };
  // Numbers that other readers would round are kept as the text they stand in; what has no text at all, as a digest.
  const rounded = canonicalText(value, "finite");
  return rounded === undefined ? digestOf(name, JSON.stringify(value) ?? "") : printField(name, rounded);
}

function canonicalText(value: JsonValue, numbers: NonNullable<CanonicalOptions["numbers"]>): string | undefined {
  try {
    return canonicalJson(value, { numbers, depthMax: DISCLOSURE_DEPTH_MAX });
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}

function digestOf(name: string, text: string): FieldText {
  const sha256 = createHash("sha256").update(text, "utf8").digest("hex");
  return printField(name, { bytes: String(Buffer.byteLength(text)), omitted: true, sha256 });
}

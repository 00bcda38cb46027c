/**
 * Makes the record of a draft: its place in the session's chain, commitments, header, leaf hash, sealed body.
 * A value that is too large to keep is committed to by its digest; the record never fails for its size.
 */
import { createHash } from "node:crypto";
import { AegisError, type JsonValue } from "@aegisflow/core";
import { buildRecord, EvidenceError, NO_PREDECESSOR } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Clock, Ids } from "../governance/ports.ts";
import type { PendingRecord } from "./batch-builder.ts";
import { fieldKey } from "./key-tree.ts";
import type { LiveSession } from "./live-sessions.ts";
import { sealBody } from "./record-payload.ts";
import { factsOf, landmarkNames, type RecordFacts } from "./session-state.ts";

/** Above this a value is kept as its digest: evidence is for what was done, not for moving files. */
export const VALUE_BYTES_MAX = 64 * 1024;
/** Sum over a record; above it, every value longer than `LARGE_VALUE_BYTES` is kept as its digest. */
export const RECORD_BODY_BYTES_MAX = 512 * 1024;
const LARGE_VALUE_BYTES = 4 * 1024;
const NONCE_BYTES = 12;

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
  readonly ids: Ids;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface PreparedRecord {
  readonly record: PendingRecord;
  readonly facts: RecordFacts;
  readonly landmarks: readonly string[];
}

/** Key of the record being made; only asked for when it has something to seal. */
export type RecordKeys = (session: LiveSession, seq: number) => Uint8Array;

/**
 * The next record of the session; the session's chain goes on from it.
 * @throws AegisError `invalid-input` when the draft cannot be a record; the chain stays as it was.
 */
export function prepareRecord(
  context: RecordContext,
  session: LiveSession,
  draft: RecordDraft,
  keys: RecordKeys,
): PreparedRecord {
  const seq = session.seq + 1;
  const { texts, values } = keptValues(draft.disclosures);
  const header = headerOf(context, session, draft);
  const built = build(header, values, context.randomBytes);
  const names = Object.keys(texts).sort();
  const key = names.length === 0 ? undefined : keys(session, seq);
  const nonce = context.randomBytes(NONCE_BYTES);
  const body =
    key === undefined
      ? new Uint8Array(0)
      : sealBody(
          names.map((name) => [built.body[name]?.[0] ?? "", texts[name] ?? ""]),
          (field) => fieldKey(key, field),
          nonce,
        );
  session.seq = seq;
  session.leaf = built.leaf;
  session.closing = draft.kind === "session.close";
  const headerBytes = Buffer.byteLength(built.header, "utf8");
  const keyId = key === undefined ? 0 : session.keyId;
  return {
    record: { header: built.header, headerBytes, leaf: built.leaf, body, keyId, chain: session.chain },
    facts: factsOf(header, built.leaf),
    landmarks: landmarkNames(header, built.leaf),
  };
}

function headerOf(context: RecordContext, session: LiveSession, draft: RecordDraft): Parameters<typeof buildRecord>[1] {
  const { origin, boot, epoch, clock, ids } = context;
  const { tenant, sid, kind, p, ref = {} } = draft;
  const prev = session.seq < 0 ? NO_PREDECESSOR : session.leaf;
  const mono = String(Math.floor(clock.monotonicMs() * 1000));
  const place = { tenant, sid, seq: session.seq + 1, prev };
  return { boot, epoch, id: ids.next(), kind, log: origin, mono, p, ref, ts: clock.nowIso(), ...place };
}

function build(
  header: Parameters<typeof buildRecord>[1],
  values: Readonly<Record<string, JsonValue>>,
  randomBytes: (count: number) => Uint8Array,
): ReturnType<typeof buildRecord> {
  try {
    return buildRecord(nodeCrypto, header, values, randomBytes);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new AegisError("invalid-input", `this cannot be recorded: ${error.message}`, { cause: error });
  }
}

interface KeptValues {
  readonly values: Readonly<Record<string, JsonValue>>;
  /** The values' JSON, made once: measured here, sealed later. */
  readonly texts: Readonly<Record<string, string>>;
}

function keptValues(disclosures: RecordDraft["disclosures"]): KeptValues {
  const values: Record<string, JsonValue> = {};
  const texts: Record<string, string> = {};
  let total = 0;
  for (const [name, value] of Object.entries(disclosures)) {
    values[name] = value;
    texts[name] = jsonText(value);
    total += texts[name].length;
  }
  const longest = total > RECORD_BODY_BYTES_MAX ? LARGE_VALUE_BYTES : VALUE_BYTES_MAX;
  for (const [name, text] of Object.entries(texts)) {
    if (text.length <= longest) continue;
    const digest = { bytes: String(Buffer.byteLength(text)), omitted: true, sha256: sha256Of(text) };
    values[name] = digest;
    texts[name] = JSON.stringify(digest);
  }
  return { values, texts };
}

/** `undefined` and functions have no JSON; the commitment then refuses the value with a reason. */
function jsonText(value: JsonValue): string {
  return JSON.stringify(value) ?? "";
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

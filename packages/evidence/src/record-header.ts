/**
 * The shape of a record header, AEL/1. Closed words and digests only, never personal data or free text.
 * Unknown kinds and unknown extra fields are accepted, so that an old verifier still checks a newer log's chain.
 */
import { hasControl } from "./control-characters.ts";
import { isHashHex } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";

export interface RecordHeader {
  /** Id of the action's envelope, where the record belongs to one. */
  readonly aid?: string;
  /** Id of the process run that wrote the record; `mono` counts within it. */
  readonly boot: string;
  /** Commitments by field, 43 base64url characters each. */
  readonly cm: Readonly<Record<string, string>>;
  /** Fencing epoch of the writer. */
  readonly epoch: number;
  readonly id: string;
  readonly kind: string;
  /** Origin of the log, as in its checkpoints. */
  readonly log: string;
  /** Monotonic clock of the boot, microseconds, decimal. */
  readonly mono: string;
  /** Public payload: closed words, digests, integers as decimal strings. */
  readonly p: Readonly<Record<string, string>>;
  /** Leaf hash of the session's previous record; zeros for `session.open`. */
  readonly prev: string;
  /** Leaf hashes of the records this one answers, by role. */
  readonly ref: Readonly<Record<string, string>>;
  readonly seq: number;
  readonly sid: string;
  readonly tenant: string;
  /** `2026-11-23T10:11:12.123456Z`. */
  readonly ts: string;
  /** How far the wall clock is trusted, e.g. `ntp`. */
  readonly tt?: string;
  readonly v: 1;
}

export const KNOWN_KINDS: ReadonlySet<string> = new Set([
  "session.open",
  "session.close",
  "decision",
  "outcome",
  "approval.request",
  "approval.vote",
  "approval.expire",
  "approval.cancel",
  "approval.consume",
  "ticket.issue",
  "ticket.consume",
  "ticket.revoke",
  "cred.issue",
  "cred.revoke",
  "policy.load",
  "config.change",
  "break-glass",
  "tool.pin",
  "key.rotate",
  "kill",
  "behavior.alert",
  "redaction",
  "retention.prune",
  "export",
  "heads",
  "recovery",
  "replica.start",
  "replica.stop",
  "time.warn",
  "admin.action",
]);

/** Long enough for ids, digests and rule names, too short to hide a document in. */
const WORD_CHARS_MAX = 512;
const FIELDS_MAX = 64;
const COMMITMENT = /^[A-Za-z0-9_-]{43}$/;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const TIMESTAMP = /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;
const DECIMAL = /^(?:0|[1-9]\d{0,18})$/;
const WORD_FIELDS = ["boot", "id", "kind", "log", "sid", "tenant"] as const;

/** @throws EvidenceError `malformed` unless a name that fields of `cm`, `p` and `ref` may have. */
export function assertFieldName(name: string): void {
  must(FIELD_NAME.test(name), "a field name starts with a letter and has no spaces");
}

/** @throws EvidenceError `malformed` unless the value has the shape of a header. */
export function assertHeader(value: unknown): asserts value is RecordHeader {
  const header = asObject(value, "record header");
  must(header.v === 1, "version is not 1");
  for (const name of WORD_FIELDS) must(isWord(header[name]), `\`${name}\` is missing or no short text`);
  for (const name of ["aid", "tt"])
    must(header[name] === undefined || isWord(header[name]), `\`${name}\` is no short text`);
  must(isTimestamp(header.ts), "`ts` is no UTC time with microseconds");
  must(isMatch(header.mono, DECIMAL), "`mono` is no decimal number");
  must(isCount(header.epoch) && isCount(header.seq), "`epoch` or `seq` is no whole number");
  must(typeof header.prev === "string" && isHashHex(header.prev), "`prev` is no leaf hash");
  mustMap(header.cm, "cm", (text) => COMMITMENT.test(text));
  mustMap(header.ref, "ref", isHashHex);
  mustMap(header.p, "p", (text) => text.length <= WORD_CHARS_MAX && !hasControl(text));
  const opens = header.kind === "session.open";
  must(
    opens === (header.seq === 0) && opens === /^0{64}$/.test(header.prev),
    "only `session.open` stands first, without predecessor",
  );
}

function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new EvidenceError("malformed", `record header: ${what}`);
}

function asObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EvidenceError("malformed", `${name} is not an object`);
  }
  return { ...value };
}

function mustMap(value: unknown, name: string, accepts: (text: string) => boolean): void {
  const entries = Object.entries(asObject(value, `\`${name}\` of a record header`));
  must(entries.length <= FIELDS_MAX, `\`${name}\` has too many fields`);
  for (const [key, text] of entries) {
    must(
      FIELD_NAME.test(key) && typeof text === "string" && accepts(text),
      `\`${name}\` has a field that is not allowed`,
    );
  }
}

function isWord(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= WORD_CHARS_MAX && !hasControl(value);
}

function isMatch(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isTimestamp(value: unknown): boolean {
  if (typeof value !== "string" || !TIMESTAMP.test(value)) return false;
  const [year, month, day] = [value.slice(0, 4), value.slice(5, 7), value.slice(8, 10)].map(Number);
  // Date turns 31 February into 3 March instead of refusing it.
  return new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day)).getUTCDate() === day;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/**
 * One strict pass over JSON text (RFC 8259, narrowed to I-JSON, RFC 7493), so that two readers of one text can
 * never see two values. Refused: duplicate keys, the key `__proto__`, lone surrogates, numbers that a double cannot
 * hold (beyond 2^53-1, underflow to zero), byte order marks, text after the value, too deep or too long input.
 */
import { EvidenceError, type EvidenceErrorCode } from "./evidence-error.ts";

/** What canonical JSON can be made of, and what the strict parser gives. */
export type CanonicalInput =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalInput[]
  | { readonly [key: string]: CanonicalInput };

export interface StrictJsonLimits {
  /** Nested arrays and objects; default `JSON_DEPTH_MAX`. */
  readonly depthMax?: number;
  /** UTF-8 bytes of the text; default `JSON_BYTES_MAX`. */
  readonly bytesMax?: number;
}

/** Deep enough for any tool schema seen, shallow enough for every recursive reader downstream. */
export const JSON_DEPTH_MAX = 64;
/** 16 MiB: above every body limit in the product; callers set their own, lower one. */
export const JSON_BYTES_MAX = 16 * 1024 * 1024;

interface Cursor {
  readonly text: string;
  /** Asked once for the whole: a string without escapes is then well-formed too. */
  readonly isWellFormed: boolean;
  at: number;
  depthLeft: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const KEY_SHOWN_MAX = 64;

/**
 * Parses JSON text once and strictly.
 * @throws EvidenceError `json-syntax`, `json-duplicate-key`, `json-number`, `json-limit`, each with `offset`.
 */
export function parseStrictJson(text: string, limits: StrictJsonLimits = {}): CanonicalInput {
  assertSize(text, limits.bytesMax ?? JSON_BYTES_MAX);
  const depthLeft = limits.depthMax ?? JSON_DEPTH_MAX;
  const cursor: Cursor = { text, isWellFormed: text.isWellFormed(), at: 0, depthLeft };
  skipSpace(cursor);
  const value = readValue(cursor);
  skipSpace(cursor);
  if (cursor.at < text.length) throw failure(cursor, "json-syntax", "unexpected text after the JSON value");
  return value;
}

function assertSize(text: string, bytesMax: number): void {
  // A UTF-16 unit is at most three UTF-8 bytes, so most texts need no counting.
  if (text.length * 3 <= bytesMax) return;
  if (text.length > bytesMax || utf8Length(text) > bytesMax) {
    throw new EvidenceError("json-limit", `JSON text is longer than ${bytesMax} bytes`, 0);
  }
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts two: four bytes together.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes;
}

function failure(cursor: Cursor, code: EvidenceErrorCode, what: string, offset = cursor.at): EvidenceError {
  return new EvidenceError(code, `${what} at character ${offset}`, offset);
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const unit = cursor.text.charCodeAt(cursor.at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    cursor.at++;
  }
}

function readValue(cursor: Cursor): CanonicalInput {
  switch (cursor.text.charCodeAt(cursor.at)) {
    case QUOTE:
      return readString(cursor);
    case 0x7b:
      return readNested(cursor, readObject);
    case 0x5b:
      return readNested(cursor, readArray);
    case 0x74:
      return readWord(cursor, "true", true);
    case 0x66:
      return readWord(cursor, "false", false);
    case 0x6e:
      return readWord(cursor, "null", null);
    default:
      return readNumber(cursor);
  }
}

function readNested<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  if (cursor.depthLeft <= 0) throw failure(cursor, "json-limit", "JSON is nested too deeply");
  cursor.depthLeft--;
  cursor.at++;
  skipSpace(cursor);
  const value = read(cursor);
  cursor.depthLeft++;
  return value;
}

function readWord<T>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) throw failure(cursor, "json-syntax", "unexpected character");
  cursor.at += word.length;
  return value;
}

function readArray(cursor: Cursor): readonly CanonicalInput[] {
  const items: CanonicalInput[] = [];
  if (take(cursor, CLOSE_ARRAY)) return items;
  for (;;) {
    items.push(readValue(cursor));
    skipSpace(cursor);
    if (take(cursor, CLOSE_ARRAY)) return items;
    expect(cursor, COMMA);
    skipSpace(cursor);
  }
}

function readObject(cursor: Cursor): { readonly [key: string]: CanonicalInput } {
  const object: { [key: string]: CanonicalInput } = {};
  if (take(cursor, CLOSE_OBJECT)) return object;
  for (;;) {
    const start = cursor.at;
    if (cursor.text.charCodeAt(start) !== QUOTE) throw failure(cursor, "json-syntax", "expected a quoted key");
    const key = readString(cursor);
    assertNewKey(cursor, object, key, start);
    skipSpace(cursor);
    expect(cursor, COLON);
    skipSpace(cursor);
    object[key] = readValue(cursor);
    skipSpace(cursor);
    if (take(cursor, CLOSE_OBJECT)) return object;
    expect(cursor, COMMA);
    skipSpace(cursor);
  }
}

function assertNewKey(cursor: Cursor, object: object, key: string, start: number): void {
  if (Object.hasOwn(object, key)) {
    throw failure(cursor, "json-duplicate-key", `duplicate key \`${key.slice(0, KEY_SHOWN_MAX)}\``, start);
  }
  if (key === "__proto__") throw failure(cursor, "json-syntax", "the key `__proto__` is not accepted", start);
}

function take(cursor: Cursor, unit: number): boolean {
  if (cursor.text.charCodeAt(cursor.at) !== unit) return false;
  cursor.at++;
  return true;
}

function expect(cursor: Cursor, unit: number): void {
  if (take(cursor, unit)) return;
  const char = String.fromCharCode(unit);
  const what = cursor.at < cursor.text.length ? `expected \`${char}\`` : `JSON text ends where \`${char}\` is expected`;
  throw failure(cursor, "json-syntax", what);
}

function readString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let read = "";
  let isSurelyWellFormed = cursor.isWellFormed;
  cursor.at++;
  for (;;) {
    const from = cursor.at;
    let at = from;
    let unit = text.charCodeAt(at);
    // NaN at the end of the text ends the run too.
    while (unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH) unit = text.charCodeAt(++at);
    cursor.at = at;
    read += text.slice(from, at);
    if (unit === QUOTE) break;
    isSurelyWellFormed = false;
    if (unit === BACKSLASH) read += readEscape(cursor);
    else if (Number.isNaN(unit)) throw failure(cursor, "json-syntax", "string without end", start);
    else throw failure(cursor, "json-syntax", "control character in a string");
  }
  cursor.at++;
  if (!isSurelyWellFormed && !read.isWellFormed()) {
    throw failure(cursor, "json-syntax", "lone surrogate in a string", start);
  }
  return read;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const FOUR_HEX = /^[0-9a-fA-F]{4}$/;

function readEscape(cursor: Cursor): string {
  const letter = cursor.text[cursor.at + 1] ?? "";
  const simple = ESCAPES.get(letter);
  if (simple !== undefined) {
    cursor.at += 2;
    return simple;
  }
  const digits = cursor.text.slice(cursor.at + 2, cursor.at + 6);
  if (letter !== "u" || !FOUR_HEX.test(digits)) throw failure(cursor, "json-syntax", "unknown escape in a string");
  cursor.at += 6;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** No double that is worth writing needs more; a longer literal only hides its value from other readers. */
const NUMBER_CHARS_MAX = 128;

function readNumber(cursor: Cursor): number {
  NUMBER.lastIndex = cursor.at;
  const literal = NUMBER.exec(cursor.text)?.[0];
  if (literal === undefined) {
    const what = cursor.at < cursor.text.length ? "unexpected character" : "JSON text ends where a value is expected";
    throw failure(cursor, "json-syntax", what);
  }
  const value = Number(literal);
  const lost = Math.abs(value) > Number.MAX_SAFE_INTEGER || (value === 0 && /^[^eE]*[1-9]/.test(literal));
  if (lost || literal.length > NUMBER_CHARS_MAX) {
    throw failure(cursor, "json-number", "number cannot be held without losing digits, send it as a string");
  }
  cursor.at += literal.length;
  return value;
}

/**
 * JSON as the old product wrote it, read without losing anything: numbers and strings keep their text, so integers
 * beyond 2^53 and nanosecond times survive. Printing follows Go's encoding/json, which the old hashes are made over.
 */
import { utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";

export type LosslessJson =
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, LosslessMember> }
  | { readonly kind: "array"; readonly items: readonly LosslessJson[] }
  | { readonly kind: "string"; readonly raw: string; readonly text: string }
  | { readonly kind: "number" | "word"; readonly raw: string };

export interface LosslessMember {
  readonly rawKey: string;
  readonly value: LosslessJson;
}

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/uy;
const DEPTH_MAX = 64;

/** @throws EvidenceError `json-syntax`, `json-duplicate-key` or `json-limit`. */
export function parseLosslessJson(text: string): LosslessJson {
  const reader = new Reader(text);
  const value = readValue(reader, reader.next(), DEPTH_MAX);
  reader.expectEnd();
  return value;
}

type Token = { readonly kind: "mark" | "string" | "number" | "word"; readonly raw: string };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text);
    if (found === null) throw this.failure("unexpected character or end");
    this.#at = TOKEN.lastIndex;
    const [, mark, string, number, word] = found;
    if (mark !== undefined) return { kind: "mark", raw: mark };
    if (string !== undefined) return { kind: "string", raw: string };
    return number === undefined ? { kind: "word", raw: word ?? "" } : { kind: "number", raw: number };
  }

  expectEnd(): void {
    if (this.#text.slice(this.#at).trim() !== "") throw this.failure("unexpected text after the JSON value");
  }

  failure(what: string): EvidenceError {
    return new EvidenceError("json-syntax", `${what} at character ${this.#at}`, this.#at);
  }
}

function readValue(reader: Reader, token: Token, depthLeft: number): LosslessJson {
  if (token.kind === "string") return { kind: "string", raw: token.raw, text: readText(token.raw) };
  if (token.kind !== "mark") return { kind: token.kind, raw: token.raw };
  if (depthLeft === 0) throw new EvidenceError("json-limit", "JSON is nested too deeply");
  if (token.raw === "[") return readArray(reader, depthLeft - 1);
  if (token.raw === "{") return readObject(reader, depthLeft - 1);
  throw reader.failure("expected a value");
}

function readText(raw: string): string {
  const text: unknown = JSON.parse(raw);
  return String(text);
}

function readArray(reader: Reader, depthLeft: number): LosslessJson {
  const items: LosslessJson[] = [];
  for (let token = reader.next(); token.raw !== "]" || token.kind !== "mark"; ) {
    items.push(readValue(reader, token, depthLeft));
    const mark = reader.next();
    if (mark.raw === "]") break;
    if (mark.raw !== ",") throw reader.failure("expected `,`");
    token = reader.next();
    if (token.raw === "]") throw reader.failure("expected a value");
  }
  return { kind: "array", items };
}

function readObject(reader: Reader, depthLeft: number): LosslessJson {
  const members = new Map<string, LosslessMember>();
  for (let key = reader.next(); key.raw !== "}" || members.size > 0; key = reader.next()) {
    if (key.kind !== "string" || reader.next().raw !== ":") throw reader.failure("expected a key and `:`");
    const name = readText(key.raw);
    if (members.has(name)) throw new EvidenceError("json-duplicate-key", "duplicate key in an old bundle");
    members.set(name, { rawKey: key.raw, value: readValue(reader, reader.next(), depthLeft) });
    const mark = reader.next();
    if (mark.kind === "mark" && mark.raw === "}") break;
    if (mark.raw !== ",") throw reader.failure("expected `,`");
  }
  return { kind: "object", members };
}

/** The same tokens without the space between them: what Go wrote, if Go wrote the file. */
export function printVerbatim(value: LosslessJson): string {
  if (value.kind === "array") return `[${value.items.map(printVerbatim).join(",")}]`;
  if (value.kind !== "object") return value.raw;
  return `{${[...value.members.values()].map((member) => `${member.rawKey}:${printVerbatim(member.value)}`).join(",")}}`;
}

/** As Go's json.Marshal prints it, for files that another tool has rewritten. */
export function printLikeGo(value: LosslessJson): string {
  switch (value.kind) {
    case "array":
      return `[${value.items.map(printLikeGo).join(",")}]`;
    case "object": {
      const sorted = [...value.members].sort(([a], [b]) => compareUtf8(a, b));
      return `{${sorted.map(([key, member]) => `${goString(key)}:${printLikeGo(member.value)}`).join(",")}}`;
    }
    case "string":
      return goString(value.text);
    case "number":
      return goNumber(value.raw);
    default:
      return value.raw;
  }
}

/** A string as Go prints it: `< > &` and the line separators are escaped too. */
export function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Integers keep their digits however long; other numbers are a double's shortest text, which Go and JavaScript share. */
function goNumber(raw: string): string {
  if (/^-?\d+$/.test(raw)) return raw;
  const value = Number(raw);
  return Object.is(value, -0) ? "-0" : String(value);
}

function compareUtf8(a: string, b: string): number {
  const [left, right] = [utf8Encode(a), utf8Encode(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

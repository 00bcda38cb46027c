/**
 * Canonical JSON, RFC 8785 (JCS): one value, one text. Keys sorted by UTF-16 units, shortest numbers, no spaces.
 * Strict about what it takes: only plain objects, dense arrays and well-formed strings; everything else throws,
 * because a silent `toJSON`, `undefined` or `Map` would sign something other than what the caller holds.
 */
import { EvidenceError } from "./evidence-error.ts";
import { type CanonicalInput, JSON_DEPTH_MAX } from "./strict-json.ts";

/**
 * `finite`: all of RFC 8785. `strict-json`: only what `parseStrictJson` reads back, so up to 2^53-1.
 * `safe-integers`: the profile of evidence records, also without -0.
 */
export type NumberProfile = "finite" | "strict-json" | "safe-integers";

export interface CanonicalOptions {
  /** Default `finite`. */
  readonly numbers?: NumberProfile;
  /** Nested arrays and objects; default `JSON_DEPTH_MAX`. */
  readonly depthMax?: number;
}

/**
 * The RFC 8785 text of a value.
 * @throws EvidenceError `not-canonical` for what has no canonical text; `json-limit` when nested too deeply.
 */
export function canonicalJson(value: CanonicalInput, options: CanonicalOptions = {}): string {
  return print(value, options.numbers ?? "finite", options.depthMax ?? JSON_DEPTH_MAX);
}

function print(value: unknown, numbers: NumberProfile, depthLeft: number): string {
  switch (typeof value) {
    case "string":
      return printString(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return printNumber(value, numbers);
    case "object":
      if (value === null) return "null";
      if (depthLeft <= 0) throw new EvidenceError("json-limit", "value is nested too deeply for canonical JSON");
      return Array.isArray(value) ? printArray(value, numbers, depthLeft) : printObject(value, numbers, depthLeft);
    default:
      throw new EvidenceError("not-canonical", `a ${typeof value} has no canonical JSON text`);
  }
}

/** Printable ASCII without quote and backslash prints as itself; most strings of a record are so. */
const PLAIN = /^[ !#-[\]-~]*$/;

function printString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new EvidenceError("not-canonical", "a string with a lone surrogate has no JSON text");
  return JSON.stringify(text);
}

function printNumber(value: number, numbers: NumberProfile): string {
  if (numbers === "safe-integers" && (!Number.isSafeInteger(value) || Object.is(value, -0))) {
    throw new EvidenceError("not-canonical", "only integers up to 2^53-1 are accepted here, write others as strings");
  }
  if (numbers === "strict-json" && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new EvidenceError("not-canonical", "numbers beyond 2^53-1 are not accepted here, write them as strings");
  }
  if (!Number.isFinite(value)) throw new EvidenceError("not-canonical", "a number that is not finite has no JSON text");
  return String(value === 0 ? 0 : value);
}

function printArray(items: readonly unknown[], numbers: NumberProfile, depthLeft: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ",";
    text += print(items[i], numbers, depthLeft - 1);
  }
  return `${text}]`;
}

function printObject(object: object, numbers: NumberProfile, depthLeft: number): string {
  if (!isPlain(object)) throw new EvidenceError("not-canonical", "only plain objects have canonical JSON text");
  let text = "{";
  for (const key of sortedKeys(object)) {
    if (text.length > 1) text += ",";
    text += `${printString(key)}:${print(object[key], numbers, depthLeft - 1)}`;
  }
  return `${text}}`;
}

/** RFC 8785 §3.2.3: by UTF-16 code units, which is what `<` and sort() without a comparison go by. */
function sortedKeys(object: object): readonly string[] {
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] ?? "") > (keys[i] ?? "")) return keys.sort();
  }
  return keys;
}

function isPlain(object: object): object is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

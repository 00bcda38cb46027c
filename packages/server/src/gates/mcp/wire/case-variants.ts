/**
 * Finds keys that some readers would take for another key: `Name` for `name`. The reference product decided
 * on one spelling and forwarded the other; here such an object is refused whole.
 * Pure. Folding covers what case-insensitive decoders fold, also U+017F (long s) and U+212A (Kelvin sign).
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";

export interface CaseVariant {
  /** The key as it was sent. */
  readonly key: string;
  /** The key it could be taken for. */
  readonly known: string;
  /** Where: keys from the root to the object that holds it. */
  readonly path: readonly string[];
}

export function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** The first key of `object` that is not one of `known` but folds to it. */
export function findCaseVariant(object: JsonObject, known: readonly string[]): CaseVariant | undefined {
  const exact = new Set(known);
  const folded = new Map(known.map((name) => [foldCase(name), name]));
  for (const key of Object.keys(object)) {
    const twin = folded.get(foldCase(key));
    if (twin !== undefined && !exact.has(key)) return { key, known: twin, path: [] };
  }
  return undefined;
}

/** The first two keys of one object that differ only in case, when neither is declared anywhere. */
function findTwins(object: JsonObject): CaseVariant | undefined {
  const seen = new Map<string, string>();
  for (const key of Object.keys(object)) {
    const twin = seen.get(foldCase(key));
    if (twin !== undefined) return { key, known: twin, path: [] };
    seen.set(foldCase(key), key);
  }
  return undefined;
}

/**
 * Checks arguments against a tool's JSON schema: a key that is a case variant of a declared property, at any depth
 * the schema declares, and keys of the arguments object that are variants of each other.
 */
export function findArgumentVariant(args: JsonObject, schema: JsonValue | undefined): CaseVariant | undefined {
  return findTwins(args) ?? walk(args, schema, []);
}

function walk(value: JsonValue, schema: JsonValue | undefined, path: readonly string[]): CaseVariant | undefined {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(value)) {
    return firstOf(value, (item, index) => walk(item, schema["items"], [...path, String(index)]));
  }
  const properties = schema["properties"];
  if (!isObject(value) || !isObject(properties)) return undefined;
  const variant = findCaseVariant(value, Object.keys(properties));
  if (variant !== undefined) return { ...variant, path };
  return firstOf(Object.entries(properties), ([key, child]) => {
    const inner = Object.hasOwn(value, key) ? value[key] : undefined;
    return inner === undefined ? undefined : walk(inner, child, [...path, key]);
  });
}

function firstOf<T, R>(items: readonly T[], find: (item: T, index: number) => R | undefined): R | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

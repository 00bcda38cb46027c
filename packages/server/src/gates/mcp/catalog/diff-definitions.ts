/** What changed between two versions of a tool's definition, value by value, for the person who has to accept it. Pure. */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { isJsonObject } from "../wire/json-rpc.ts";

export interface DefinitionChange {
  /** `description`, `inputSchema.properties.path.type`. */
  readonly path: string;
  /** JSON text; absent when the value is new. */
  readonly before?: string;
  /** JSON text; absent when the value is gone. */
  readonly after?: string;
}

/** Enough to judge by; a definition that changed in more places is a new tool. */
const CHANGES_MAX = 100;
const VALUE_CHARS_MAX = 4_000;

export function diffDefinitions(before: JsonObject, after: JsonObject): readonly DefinitionChange[] {
  return [...diff(before, after, "")].slice(0, CHANGES_MAX);
}

function* diff(before: JsonValue | undefined, after: JsonValue | undefined, path: string): Generator<DefinitionChange> {
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* diff(before[key], after[key], path === "" ? key : `${path}.${key}`);
    }
    return;
  }
  const texts = { before: textOf(before), after: textOf(after) };
  if (texts.before === texts.after) return;
  yield {
    path,
    ...(texts.before === undefined ? {} : { before: texts.before.slice(0, VALUE_CHARS_MAX) }),
    ...(texts.after === undefined ? {} : { after: texts.after.slice(0, VALUE_CHARS_MAX) }),
  };
}

function textOf(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

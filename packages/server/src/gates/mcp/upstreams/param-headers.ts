/**
 * Headers that mirror a message (MCP 2026-07-28 Streamable HTTP, "Request Metadata"): `Mcp-Method`, `Mcp-Name`, and
 * `Mcp-Param-*` for the arguments that a tool's schema marks with `x-mcp-header`.
 * A tool whose marks break the rules is not offered at all; clients must drop it.
 */

import type { JsonObject, JsonValue } from "@aegisflow/core";
import { asObject, asText, isJsonObject } from "./eras.ts";

/** Deeper schemas are not walked; a mark below it would be unreachable for every other client too. */
const SCHEMA_DEPTH_MAX = 64;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MARK = "x-mcp-header";

/** Where an argument is found and how its header is called. */
export interface MarkedParam {
  readonly path: readonly string[];
  readonly header: string;
}

export function standardHeaders(method: string, params: JsonObject): Record<string, string> {
  const source = NAME_SOURCE.get(method);
  const name = source === undefined ? undefined : asText(params[source]);
  return { "mcp-method": method, ...(name === undefined ? {} : { "mcp-name": encodeHeaderValue(name) }) };
}

const NAME_SOURCE: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** The marked parameters of a tool, or undefined when its marks are invalid. */
export function markedParams(inputSchema: JsonValue | undefined): readonly MarkedParam[] | undefined {
  const found: MarkedParam[] = [];
  const isValid = walk(inputSchema, [], found);
  const names = new Set(found.map(({ header }) => header.toLowerCase()));
  return isValid && names.size === found.length ? found : undefined;
}

/** Marks are allowed only on a chain of `properties`; anywhere else they make the tool invalid. */
function walk(schema: JsonValue | undefined, path: readonly string[], found: MarkedParam[]): boolean {
  if (!isJsonObject(schema)) return true;
  if (path.length > SCHEMA_DEPTH_MAX) return false;
  if (Object.hasOwn(schema, MARK) && !takeMark(schema, path, found)) return false;
  for (const [keyword, part] of Object.entries(schema)) {
    if (keyword === "properties") {
      const properties = Object.entries(asObject(part) ?? {});
      if (!properties.every(([key, child]) => walk(child, [...path, key], found))) return false;
    } else if (SUBSCHEMAS.has(keyword) && holdsMark(part, SCHEMA_DEPTH_MAX)) {
      return false;
    }
  }
  return true;
}

const SUBSCHEMAS: ReadonlySet<string> = new Set(
  (
    "items prefixItems contains additionalProperties unevaluatedProperties unevaluatedItems propertyNames " +
    "patternProperties dependentSchemas oneOf anyOf allOf not if then else $defs definitions"
  ).split(" "),
);

function takeMark(schema: JsonObject, path: readonly string[], found: MarkedParam[]): boolean {
  const header = schema[MARK];
  const type = schema["type"];
  const isPrimitive = type === "string" || type === "integer" || type === "boolean";
  if (path.length === 0 || typeof header !== "string" || !TOKEN.test(header) || !isPrimitive) return false;
  found.push({ path, header });
  return true;
}

function holdsMark(value: JsonValue | undefined, depthLeft: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depthLeft === 0) return true;
  if (isJsonObject(value) && Object.hasOwn(value, MARK)) return true;
  return Object.values(value).some((part) => holdsMark(part, depthLeft - 1));
}

/** An argument that is absent or null has no header. */
export function paramHeaders(marked: readonly MarkedParam[], args: JsonValue): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, header } of marked) {
    const value = path.reduce<JsonValue | undefined>((node, key) => asObject(node)?.[key], args);
    if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") {
      headers[`mcp-param-${header.toLowerCase()}`] = encodeHeaderValue(String(value));
    }
  }
  return headers;
}

/** Plain when it survives as a header value, else Base64 of its UTF-8 between the sentinels. */
export function encodeHeaderValue(value: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value);
  const looksEncoded = value.startsWith("=?base64?") && value.endsWith("?=");
  return isPlain && !looksEncoded ? value : `=?base64?${Buffer.from(value, "utf8").toString("base64")}?=`;
}

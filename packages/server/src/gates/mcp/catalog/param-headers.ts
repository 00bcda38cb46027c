/**
 * `x-mcp-header` (MCP 2026-07-28, Streamable HTTP "custom headers from tool parameters"): which arguments a tool
 * wants mirrored in `Mcp-Param-*` headers, and whether headers and body agree. Decisions are made on the body
 * alone; a header that says something else is refused, so that nobody on the way was told another story. Pure.
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import { isJsonObject, textOf } from "../wire/json-rpc.ts";

export interface ParamHeader {
  readonly path: readonly string[];
  /** `Mcp-Param-` and this, case-insensitive. */
  readonly headerName: string;
}

export type ParamHeaders =
  | { readonly kind: "valid"; readonly headers: readonly ParamHeader[] }
  /** The definition breaks the specification: clients must drop the tool, and so do we. */
  | { readonly kind: "invalid"; readonly reason: string };

const KEY = "x-mcp-header";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
const MIRRORED_TYPES = ["string", "integer", "boolean"];
const SCHEMA_DEPTH_MAX = 32;

export function readParamHeaders(inputSchema: JsonValue | undefined): ParamHeaders {
  const headers: ParamHeader[] = [];
  const reason = visit(inputSchema, [], true, headers);
  if (reason !== undefined) return { kind: "invalid", reason };
  const names = headers.map(({ headerName }) => headerName.toLowerCase());
  if (new Set(names).size !== names.length) return { kind: "invalid", reason: `two properties have the same ${KEY}` };
  return { kind: "valid", headers };
}

/** `properties` may lead to a mirrored parameter; through any other keyword its place is not fixed. */
function visit(
  node: JsonValue | undefined,
  path: readonly string[],
  fixed: boolean,
  found: ParamHeader[],
): string | undefined {
  if (path.length > SCHEMA_DEPTH_MAX || typeof node !== "object" || node === null) return undefined;
  if (Array.isArray(node)) return firstProblem(node, (item) => visit(item, path, false, found));
  if (!isJsonObject(node)) return undefined;
  if (Object.hasOwn(node, KEY)) {
    const problem = headerProblem(node, path, fixed);
    if (problem !== undefined) return problem;
    found.push({ path, headerName: textOf(node[KEY]) });
  }
  return firstProblem(Object.entries(node), ([keyword, child]) => {
    if (keyword !== "properties" || !isJsonObject(child)) return visit(child, path, false, found);
    return firstProblem(Object.entries(child), ([name, schema]) => visit(schema, [...path, name], fixed, found));
  });
}

function headerProblem(node: JsonObject, path: readonly string[], fixed: boolean): string | undefined {
  const name = node[KEY];
  const where = path.join(".") || "the schema";
  if (!fixed || path.length === 0) return `${where}: ${KEY} stands where the parameter has no fixed place`;
  if (typeof name !== "string" || !TOKEN.test(name)) return `${where}: ${KEY} is not a header name`;
  if (!MIRRORED_TYPES.includes(textOf(node["type"]))) return `${where}: ${KEY} needs a string, integer or boolean`;
  return undefined;
}

function firstProblem<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = find(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What disagrees, in words; undefined when every mirrored argument is mirrored right. */
export function paramHeaderMismatch(
  declared: readonly ParamHeader[],
  args: JsonObject,
  headers: ReadonlyMap<string, string>,
): string | undefined {
  return firstProblem(declared, ({ path, headerName }) => {
    const value = valueAt(args, path);
    if (value === undefined || value === null || typeof value === "object") return undefined;
    const name = `Mcp-Param-${headerName}`;
    const sent = headers.get(name.toLowerCase());
    if (sent === undefined) return `the body has \`${path.join(".")}\` but header ${name} is missing`;
    const decoded = decodeHeaderValue(sent);
    if (decoded === undefined) return `header ${name} is not valid Base64`;
    const same = typeof value === "number" ? isNumber(decoded, value) : decoded === String(value);
    return same ? undefined : `header ${name} and \`${path.join(".")}\` of the body differ`;
  });
}

function isNumber(text: string, value: number): boolean {
  return /^-?\d{1,400}(?:\.\d{1,400})?$/.test(text) && Number(text) === value;
}

function valueAt(args: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = args;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A header value as sent, or the text inside `=?base64?…?=`; undefined when that is not Base64 of UTF-8. */
export function decodeHeaderValue(raw: string): string | undefined {
  const value = raw.replace(/^[\t ]+|[\t ]+$/g, "");
  if (!value.startsWith("=?base64?") || !value.endsWith("?=")) return value;
  const encoded = value.slice("=?base64?".length, -"?=".length);
  if (!BASE64.test(encoded)) return undefined;
  try {
    return utf8.decode(Buffer.from(encoded, "base64"));
  } catch {
    return undefined;
  }
}

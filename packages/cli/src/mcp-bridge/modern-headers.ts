/**
 * Headers that requests of the modern era mirror from their body (MCP 2026-07-28, Streamable HTTP): `Mcp-Name`, and
 * `Mcp-Param-*` for arguments a tool wants mirrored. A stdio client sends none of them, so the bridge does, from the
 * tool lists it has seen pass or asks for itself when the gateway misses one.
 */
import { type CanonicalInput, parseStrictJson } from "@aegisflow/evidence/strict-json";
import { isObject } from "./bridge-message.ts";

type JsonObject = { readonly [key: string]: CanonicalInput };

const NAME_SOURCES: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};
const LIST_PAGES_MAX = 20;

export function nameHeaders(method: string, params: JsonObject): Readonly<Record<string, string>> {
  const source = Object.hasOwn(NAME_SOURCES, method) ? NAME_SOURCES[method] : undefined;
  const name = source === undefined ? undefined : params[source];
  return typeof name === "string" ? { "mcp-name": encodeHeader(name) } : {};
}

/** As it is when it is plain visible ASCII, else `=?base64?…?=`. */
export function encodeHeader(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?base64?");
  return isPlain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

type Mirrored = readonly { readonly path: readonly string[]; readonly header: string }[];

/** What each tool wants mirrored, learned from `tools/list`. */
export class ParamHeaders {
  readonly #tools = new Map<string, Mirrored>();

  /** Reads an answer to `tools/list`; anything else is ignored. Gives the cursor of the next page. */
  see(text: string): string | undefined {
    const result = resultOf(text);
    const tools = result?.["tools"];
    if (!Array.isArray(tools)) return undefined;
    for (const tool of tools) {
      if (isObject(tool) && typeof tool["name"] === "string")
        this.#tools.set(tool["name"], [...mirroredIn(tool["inputSchema"], [])]);
    }
    const next = result?.["nextCursor"];
    return typeof next === "string" ? next : undefined;
  }

  headersFor(method: string, params: JsonObject): Readonly<Record<string, string>> {
    const { name, arguments: args } = params;
    if (method !== "tools/call" || typeof name !== "string" || !isObject(args)) return {};
    const headers = (this.#tools.get(name) ?? []).flatMap(({ path, header }) => {
      const value = valueAt(args, path);
      return value === undefined || value === null || typeof value === "object"
        ? []
        : [[`mcp-param-${header.toLowerCase()}`, encodeHeader(String(value))] as const];
    });
    return Object.fromEntries(headers);
  }

  /** Asks for the lists in the name of a request that was refused for want of a header. */
  async learn(
    request: { readonly params: JsonObject },
    post: (text: string, headers: Readonly<Record<string, string>>) => Promise<Response>,
  ): Promise<void> {
    const meta = request.params["_meta"];
    if (!isObject(meta)) return;
    const version = meta["io.modelcontextprotocol/protocolVersion"];
    const headers = {
      "mcp-protocol-version": typeof version === "string" ? version : "",
      "mcp-method": "tools/list",
      accept: "application/json",
    };
    let cursor: string | undefined;
    for (let page = 0; page < LIST_PAGES_MAX; page++) {
      const params = { _meta: meta, ...(cursor === undefined ? {} : { cursor }) };
      const response = await post(
        JSON.stringify({ jsonrpc: "2.0", id: `aegisctl-${page}`, method: "tools/list", params }),
        headers,
      );
      cursor = this.see(await response.text());
      if (cursor === undefined) return;
    }
  }
}

function resultOf(text: string): JsonObject | undefined {
  try {
    const message = parseStrictJson(text);
    const result = isObject(message) ? message["result"] : undefined;
    return isObject(result) ? result : undefined;
  } catch {
    return undefined;
  }
}

function* mirroredIn(schema: CanonicalInput | undefined, path: readonly string[]): Generator<Mirrored[number]> {
  if (!isObject(schema) || path.length > 32) return;
  const header = schema["x-mcp-header"];
  if (path.length > 0 && typeof header === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header))
    yield { path, header };
  const { properties } = schema;
  if (!isObject(properties)) return;
  for (const [key, child] of Object.entries(properties)) yield* mirroredIn(child, [...path, key]);
}

function valueAt(args: JsonObject, path: readonly string[]): CanonicalInput | undefined {
  let value: CanonicalInput | undefined = args;
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

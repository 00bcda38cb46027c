/**
 * A result in the words of the client's era. Inside the gateway results look as the upstream sent them; what one
 * era requires and the other does not know is added or taken away here. Pure.
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import type { Era } from "./exchange.ts";
import { isJsonObject } from "./wire/json-rpc.ts";
import { SERVER_INFO_KEY } from "./wire/modern-envelope.ts";

/** How long a client may keep a list: policies change, and what is hidden depends on them. */
const LIST_TTL_MS = 5_000;
const LISTS: readonly string[] = [
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "server/discover",
];
const MODERN_ONLY = ["resultType", "ttlMs", "cacheScope"];

export function shapeResult(era: Era, method: string, result: JsonObject, serverInfo: JsonObject): JsonObject {
  return era === "modern" ? toModern(method, result, serverInfo) : toLegacy(method, result);
}

function toModern(method: string, result: JsonObject, serverInfo: JsonObject): JsonObject {
  const resultType = result["resultType"] ?? "complete";
  const meta = isJsonObject(result["_meta"]) ? result["_meta"] : {};
  const tools = method === "tools/list" ? { tools: mapObjects(result["tools"], withoutExecution) } : {};
  return {
    ...result,
    ...tools,
    resultType,
    ...(resultType === "complete" ? cacheHints(method, result) : {}),
    _meta: { ...meta, [SERVER_INFO_KEY]: serverInfo },
  };
}

/** What one caller may see is that caller's alone: never `public`. */
function cacheHints(method: string, result: JsonObject): JsonObject {
  if (LISTS.includes(method)) return { ttlMs: LIST_TTL_MS, cacheScope: "private" };
  if (method !== "resources/read") return {};
  const { ttlMs } = result;
  const isValid = typeof ttlMs === "number" && Number.isSafeInteger(ttlMs) && ttlMs >= 0;
  return { ttlMs: isValid ? ttlMs : 0, cacheScope: "private" };
}

/** Task-augmented execution is a word of 2025-11-25. */
function withoutExecution({ execution: _execution, ...tool }: JsonObject): JsonObject {
  return tool;
}

function toLegacy(method: string, result: JsonObject): JsonObject {
  const rest = Object.fromEntries(Object.entries(result).filter(([key]) => !MODERN_ONLY.includes(key)));
  if (method === "tools/list") return { ...rest, tools: mapObjects(rest["tools"], withObjectOutput) };
  return method === "tools/call" ? withObjectContent(rest) : rest;
}

/** Before 2026-07-28 structured output is an object or nothing. */
function withObjectOutput(tool: JsonObject): JsonObject {
  const { outputSchema, ...rest } = tool;
  return isJsonObject(outputSchema) && outputSchema["type"] === "object" ? tool : rest;
}

function withObjectContent(result: JsonObject): JsonObject {
  const { structuredContent, ...rest } = result;
  const content = Array.isArray(rest["content"]) ? rest["content"] : [];
  if (structuredContent === undefined || isJsonObject(structuredContent)) return { ...result, content };
  const hasText = content.some((block: JsonValue) => isJsonObject(block) && block["type"] === "text");
  return {
    ...rest,
    content: hasText ? content : [...content, { type: "text", text: JSON.stringify(structuredContent) }],
  };
}

function mapObjects(list: JsonValue | undefined, map: (item: JsonObject) => JsonObject): JsonValue {
  return Array.isArray(list) ? list.map((item: JsonValue) => (isJsonObject(item) ? map(item) : item)) : [];
}

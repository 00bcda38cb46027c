/**
 * JSON-RPC 2.0 messages from clients: one strict parse, every key known or ignored, nothing ambiguous.
 * What leaves this file is typed; the text that came in is never looked at again.
 */
import { errorText, isJsonObject, type JsonObject, type JsonValue } from "@aegisflow/core";
import { EvidenceError } from "@aegisflow/evidence/evidence-error";
import { parseStrictJson } from "@aegisflow/evidence/strict-json";
import { findCaseVariant } from "./case-variants.ts";
import { INVALID_REQUEST, PARSE_ERROR, RpcError } from "./rpc-error.ts";

export { isJsonObject };

/** Deeper than any real tool arguments; keeps every recursive reader safe. */
export const MESSAGE_DEPTH_MAX = 64;
/** Messages in one batch (2025-03-26 only): enough for clients that batch, too few to hide a flood in. */
export const BATCH_MAX = 50;
/** Longer ids are not ids. */
const ID_CHARS_MAX = 256;
const METHOD_CHARS_MAX = 128;

export type RpcId = string | number;

export interface RpcRequest {
  readonly kind: "request";
  readonly id: RpcId;
  readonly method: string;
  /** Absent params read as empty. */
  readonly params: JsonObject;
}

export interface RpcNotification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject;
}

/** A client's answer to something the gateway asked it. */
export interface RpcAnswer {
  readonly kind: "answer";
  readonly id: RpcId;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string };
}

export type RpcMessage = RpcRequest | RpcNotification | RpcAnswer;

export type RpcBody =
  | { readonly kind: "single"; readonly message: RpcMessage }
  | { readonly kind: "batch"; readonly messages: readonly RpcMessage[] };

/** @throws RpcError -32700 or -32600 with HTTP status 400 (413 for limits). */
export function parseRpcBody(text: string, bytesMax: number): RpcBody {
  const value = parseText(text, bytesMax);
  if (!Array.isArray(value)) return { kind: "single", message: toMessage(value) };
  if (value.length === 0) throw badRequest("a batch must hold at least one message");
  if (value.length > BATCH_MAX) throw badRequest(`a batch holds at most ${BATCH_MAX} messages; send fewer`);
  return { kind: "batch", messages: value.map(toMessage) };
}

function parseText(text: string, bytesMax: number): JsonValue {
  try {
    return parseStrictJson(text, { depthMax: MESSAGE_DEPTH_MAX, bytesMax });
  } catch (error) {
    const code = error instanceof EvidenceError ? error.code : "json-syntax";
    if (code === "json-syntax") throw new RpcError(PARSE_ERROR, `parse error: ${errorText(error)}`, { status: 400 });
    throw new RpcError(INVALID_REQUEST, `invalid request: ${errorText(error)}`, {
      status: code === "json-limit" ? 413 : 400,
    });
  }
}

const MESSAGE_KEYS = ["jsonrpc", "id", "method", "params", "result", "error"];

function toMessage(value: JsonValue): RpcMessage {
  if (!isJsonObject(value)) throw badRequest("a message must be a JSON object");
  const variant = findCaseVariant(value, MESSAGE_KEYS);
  if (variant !== undefined)
    throw badRequest(`key \`${variant.key}\` reads like \`${variant.known}\`; send one spelling`);
  if (value["jsonrpc"] !== "2.0") throw badRequest('`jsonrpc` must be "2.0"');
  if (value["method"] === undefined) return toAnswer(value);
  if (value["result"] !== undefined || value["error"] !== undefined) {
    throw badRequest("a message with `method` must not carry `result` or `error`");
  }
  return toCall(value);
}

function toCall(value: JsonObject): RpcRequest | RpcNotification {
  const { id, method, params = {} } = value;
  if (typeof method !== "string" || method === "" || method.length > METHOD_CHARS_MAX) {
    throw badRequest("`method` must be a short text");
  }
  if (!isJsonObject(params)) throw badRequest("`params` must be an object");
  if (id === undefined) return { kind: "notification", method, params };
  return { kind: "request", id: toId(id), method, params };
}

function toAnswer(value: JsonObject): RpcAnswer {
  const { result, error } = value;
  if (value["params"] !== undefined || (result === undefined) === (error === undefined)) {
    throw badRequest("a message needs `method`, or exactly one of `result` and `error`");
  }
  const id = toId(value["id"]);
  if (isJsonObject(result)) return { kind: "answer", id, result };
  if (!isJsonObject(error)) throw badRequest("`result` and `error` must be objects");
  const { code, message } = error;
  return {
    kind: "answer",
    id,
    error: {
      code: typeof code === "number" && Number.isInteger(code) ? code : -32603,
      message: typeof message === "string" ? message : "error without a message",
    },
  };
}

function toId(id: JsonValue | undefined): RpcId {
  if (typeof id === "number" && Number.isSafeInteger(id)) return id;
  if (typeof id === "string" && id.length <= ID_CHARS_MAX) return id;
  throw badRequest("`id` must be a text or an integer");
}

/** Two ids are the same request only if their types agree: 1 is not "1". */
export function idKey(id: RpcId): string {
  return `${typeof id === "number" ? "n" : "s"}${id}`;
}

export function encodeResult(id: RpcId, result: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

/** `null` where the message that failed has no id that could be read. */
export function encodeError(id: RpcId | null, error: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}

export function encodeNotification(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", method, ...(Object.keys(params).length === 0 ? {} : { params }) });
}

export function encodeRequest(id: RpcId, method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** The text, or an empty one when it is anything else. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function badRequest(message: string): RpcError {
  return new RpcError(INVALID_REQUEST, `invalid request: ${message}`, { status: 400 });
}

/**
 * JSON-RPC messages to and from an upstream: strict text in, exact text out.
 * The sealed arguments of a tool call are spliced in byte for byte, never printed anew.
 * Batches (MCP 2025-03-26 only) are read; they are never sent.
 */
import { AegisError, assertThat, errorText, type JsonObject, type JsonValue } from "@aegisflow/core";
import { parseStrictJson } from "@aegisflow/evidence/strict-json";
import { asText, isJsonObject } from "./eras.ts";

/** One message; a page of base64 images from a browser tool fits, a runaway result does not. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Deeper than any tool schema or result seen, shallow enough for recursive readers. */
const DEPTH_MAX = 64;
/** Batches are an abandoned feature; a longer one is a mistake. */
const BATCH_MAX = 100;

export type RpcId = string | number;

export type Frame =
  | { readonly kind: "request"; readonly id: RpcId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "notification"; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "result"; readonly id: RpcId; readonly result: JsonObject }
  | {
      readonly kind: "error";
      readonly id: RpcId | null;
      readonly code: number;
      readonly message: string;
      readonly data?: JsonValue;
    };

/** @throws AegisError `upstream-failed` or `too-large`; the message names the upstream. */
export function parseFrames(name: string, text: string): readonly Frame[] {
  const value = parseMessage(name, text);
  if (!Array.isArray(value)) return [toFrame(name, value)];
  if (value.length === 0 || value.length > BATCH_MAX) throw malformed(name, "a batch of that size");
  return value.map((item) => toFrame(name, item));
}

function parseMessage(name: string, text: string): JsonValue {
  try {
    return parseStrictJson(text, { bytesMax: MESSAGE_BYTES_MAX, depthMax: DEPTH_MAX });
  } catch (error) {
    throw malformed(name, errorText(error), error);
  }
}

function toFrame(name: string, value: JsonValue): Frame {
  if (!isJsonObject(value) || value["jsonrpc"] !== "2.0") throw malformed(name, "not a JSON-RPC 2.0 message");
  const id = value["id"];
  const method = asText(value["method"]);
  if (method !== undefined) return toCall(name, id, method, value["params"]);
  const result = value["result"];
  if (isJsonObject(result) && isRpcId(id)) return { kind: "result", id, result };
  const error = value["error"];
  if (isJsonObject(error)) return toErrorFrame(isRpcId(id) ? id : null, error);
  throw malformed(name, "neither a request nor an answer");
}

function toCall(name: string, id: JsonValue | undefined, method: string, params: JsonValue | undefined): Frame {
  if (params !== undefined && !isJsonObject(params)) throw malformed(name, "params that are not an object");
  const named = params ?? {};
  if (id === undefined) return { kind: "notification", method, params: named };
  if (!isRpcId(id)) throw malformed(name, "a request whose id is neither text nor number");
  return { kind: "request", id, method, params: named };
}

function toErrorFrame(id: RpcId | null, error: JsonObject): Frame {
  const code = error["code"];
  const data = error["data"];
  return {
    kind: "error",
    id,
    code: typeof code === "number" && Number.isInteger(code) ? code : -32603,
    message: asText(error["message"]) ?? "error without a message",
    ...(data === undefined ? {} : { data }),
  };
}

function isRpcId(value: JsonValue | undefined): value is RpcId {
  return typeof value === "string" || typeof value === "number";
}

function malformed(name: string, why: string, cause?: unknown): AegisError {
  return new AegisError("upstream-failed", `upstream \`${name}\` sent a malformed message: ${why}`, { cause });
}

/**
 * Which call a message that could not be read was meant for: a hint to fail the right one early.
 * Lenient on purpose; a wrong hint can only fail another call of the same upstream.
 */
export function guessAnsweredId(head: string, tail = head): number | undefined {
  const leading = /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*[,}]/.exec(head);
  const trailing =
    /,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/.exec(tail) ??
    /,\s*"id"\s*:\s*(\d{1,15})\s*,\s*"jsonrpc"\s*:\s*"2\.0"\s*\}\s*$/.exec(tail);
  const digits = leading?.[1] ?? trailing?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export interface OutgoingRequest {
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  readonly argumentsJson: string | undefined;
}

/** INVARIANT: `argumentsJson` appears in the text exactly as given, once, as `params.arguments`. */
export function encodeRequest(request: OutgoingRequest): string {
  const method = JSON.stringify(request.method);
  return `{"jsonrpc":"2.0","id":${request.id},"method":${method},"params":${encodeParams(request)}}`;
}

function encodeParams({ params, meta, argumentsJson }: OutgoingRequest): string {
  const members: string[] = [];
  for (const [key, value] of Object.entries(params)) {
    if (key === "_meta" || (key === "arguments" && argumentsJson !== undefined)) continue;
    members.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  if (argumentsJson !== undefined) members.push(`"arguments":${assertOneLine(argumentsJson)}`);
  if (Object.keys(meta).length > 0) members.push(`"_meta":${JSON.stringify(meta)}`);
  return `{${members.join(",")}}`;
}

/** A raw line break would end the message on a stdio upstream and smuggle in another one. */
function assertOneLine(json: string): string {
  assertThat(json.startsWith("{") && json.endsWith("}"), "sealed arguments must be the text of a JSON object");
  assertThat(!/[\n\r]/.test(json), "sealed arguments must not contain line breaks");
  return json;
}

export function encodeNotification(method: string, params: JsonObject): string {
  const members = Object.keys(params).length === 0 ? {} : { params };
  return JSON.stringify({ jsonrpc: "2.0", method, ...members });
}

export function encodeResult(id: RpcId, result: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

export function encodeError(id: RpcId, code: number, message: string, data?: JsonValue): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } });
}

/**
 * JSON-RPC errors as the gateway sends them, and the one table from anything thrown to one of them.
 * Messages of our own are safe to show; an upstream's error passes as it came.
 */
import {
  type AegisError,
  assertNever,
  type ErrorCode,
  isAegisError,
  type JsonObject,
  type JsonValue,
} from "@aegisflow/core";
import { UpstreamRpcError } from "../upstream.ts";

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Ours, as users of the reference product know them. */
export const UPSTREAM_FAILED = -32000;
export const BLOCKED = -32001;
export const NEEDS_APPROVAL = -32002;
export const NO_UPSTREAM = -32003;
/** MCP 2026-07-28. */
export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data: JsonValue | undefined;
  /** HTTP status when the error is the whole answer; 200 for errors that answer a served request. */
  readonly status: number;

  constructor(code: number, message: string, options: { readonly data?: JsonValue; readonly status?: number } = {}) {
    super(message);
    this.code = code;
    this.data = options.data;
    this.status = options.status ?? 200;
  }
}

export function invalidParams(message: string, data?: JsonValue): RpcError {
  return new RpcError(INVALID_PARAMS, message, data === undefined ? {} : { data });
}

export function toErrorObject(error: RpcError): JsonObject {
  const data = error.data === undefined ? {} : { data: error.data };
  return { code: error.code, message: error.message, ...data };
}

/** Whatever was thrown while a request was served, as the error the client gets. Unknown throws show nothing of themselves. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof UpstreamRpcError) {
    const data = error.data === undefined ? {} : { data: error.data };
    // The one code whose HTTP status the specification fixes wherever it comes from.
    const status = error.code === MISSING_CLIENT_CAPABILITY ? { status: 400 } : {};
    return new RpcError(error.code, error.message, { ...data, ...status });
  }
  if (isAegisError(error)) return fromAegisError(error);
  return new RpcError(INTERNAL_ERROR, "internal error; see the server's log");
}

function fromAegisError(error: AegisError): RpcError {
  const code = codeOf(error.code);
  return new RpcError(code, code === INTERNAL_ERROR ? "internal error; see the server's log" : error.message);
}

function codeOf(code: ErrorCode): number {
  switch (code) {
    case "invalid-input":
    case "not-found":
    case "conflict":
    case "too-large":
      return INVALID_PARAMS;
    case "policy-blocked":
    case "forbidden":
    case "unauthenticated":
      return BLOCKED;
    case "approval-needed":
      return NEEDS_APPROVAL;
    case "no-upstream":
      return NO_UPSTREAM;
    case "upstream-failed":
    case "timeout":
    case "cancelled":
    case "unavailable":
    case "limit-exceeded":
      return UPSTREAM_FAILED;
    case "corrupt":
    case "config-invalid":
    case "internal":
      return INTERNAL_ERROR;
    default:
      return assertNever(code, "error code");
  }
}

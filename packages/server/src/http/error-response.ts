/**
 * The one table from an error's code to an HTTP status and to the word clients know, and the body every
 * refusal has: `{"error":{"code":403,"message":"…","type":"forbidden"}}`. Unknown errors tell nothing.
 */
import { AegisError, type ErrorCode, isAegisError } from "@aegisflow/core/errors";
import type { OutboundResponse } from "../runtime/runtime.ts";

export type ErrorType =
  | "invalid_request"
  | "not_found"
  | "forbidden"
  | "authentication_error"
  | "service_unavailable"
  | "server_error"
  | "conflict"
  | "policy_violation"
  | "upstream_error"
  | "rate_limit";

export interface ErrorRow {
  readonly status: number;
  readonly type: ErrorType;
}

export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  "invalid-input": { status: 400, type: "invalid_request" },
  "too-large": { status: 413, type: "invalid_request" },
  unauthenticated: { status: 401, type: "authentication_error" },
  forbidden: { status: 403, type: "forbidden" },
  "not-found": { status: 404, type: "not_found" },
  conflict: { status: 409, type: "conflict" },
  "limit-exceeded": { status: 429, type: "rate_limit" },
  "policy-blocked": { status: 403, type: "policy_violation" },
  "approval-needed": { status: 403, type: "policy_violation" },
  "no-upstream": { status: 502, type: "upstream_error" },
  "upstream-failed": { status: 502, type: "upstream_error" },
  timeout: { status: 504, type: "upstream_error" },
  cancelled: { status: 503, type: "service_unavailable" },
  unavailable: { status: 503, type: "service_unavailable" },
  corrupt: { status: 500, type: "server_error" },
  "config-invalid": { status: 422, type: "invalid_request" },
  internal: { status: 500, type: "server_error" },
};

/** What a client waits before it asks again when we are full or going down. */
const RETRY_AFTER_S = "1";

export interface ErrorBody {
  readonly error: { readonly code: number; readonly message: string; readonly type: ErrorType };
}

export function toErrorBody(error: unknown): ErrorBody {
  const known = isAegisError(error) ? error : new AegisError("internal", "internal error; see the server's log");
  const { status, type } = ERROR_TABLE[known.code];
  return { error: { code: status, message: known.message, type } };
}

export function toErrorResponse(error: unknown): OutboundResponse {
  const body = toErrorBody(error);
  const { code } = body.error;
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  if (code === 401) headers["www-authenticate"] = 'Bearer realm="aegisflow"';
  if (code === 429 || code === 503) headers["retry-after"] = RETRY_AFTER_S;
  // The rest of a refused upload is not worth reading.
  if (code === 413) headers.connection = "close";
  return { status: code, headers, body: JSON.stringify(body) };
}

/** The answers of a router that found no handler. */
export function unknownPathResponse(method: string, path: string): OutboundResponse {
  return toErrorResponse(new AegisError("not-found", `no route ${method} \`${path}\`; see the API reference`));
}

export function wrongMethodResponse(method: string, allow: readonly string[]): OutboundResponse {
  const list = allow.join(", ");
  const body: ErrorBody = {
    error: { code: 405, message: `method ${method} is not allowed here; use ${list}`, type: "invalid_request" },
  };
  return {
    status: 405,
    headers: { "content-type": "application/json; charset=utf-8", allow: list },
    body: JSON.stringify(body),
  };
}

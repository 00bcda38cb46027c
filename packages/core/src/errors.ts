/**
 * The one error type of the product. A throw means broken or misused; expected answers
 * (blocked, denied, expired) are values. HTTP and JSON-RPC codes live in the gates' tables, not here.
 */

/** Closed union of everything that can go wrong; each adapter maps it to its own wire code. */
export type ErrorCode =
  | "invalid-input" // the request cannot be understood; the message says what to change
  | "too-large" // a size or depth limit was exceeded
  | "unauthenticated" // no key, or an unknown one
  | "forbidden" // known caller, missing role or separation of duties
  | "not-found"
  | "conflict" // the thing exists already or is in another state
  | "limit-exceeded" // a quota or queue is full; retry later
  | "policy-blocked"
  | "approval-needed"
  | "no-upstream"
  | "upstream-failed"
  | "timeout"
  | "cancelled"
  | "unavailable" // a store is down, or the process is shutting down
  | "corrupt" // stored data failed its own checks
  | "config-invalid"
  | "internal";

export interface AegisErrorOptions {
  /** For the log only, never for a caller. */
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

export class AegisError extends Error {
  override readonly name = "AegisError";
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryable: boolean;

  /** @param message safe to show: lower case, no final stop, user text in backticks, says what to do next. */
  constructor(code: ErrorCode, message: string, options: AegisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.retryable = options.retryable ?? (code === "unavailable" || code === "timeout");
  }
}

export function isAegisError(error: unknown): error is AegisError {
  return error instanceof AegisError;
}

/** The text of anything thrown; for logs and for wrapping foreign errors. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws AegisError `internal` always: a `switch` over a closed union ends here. */
export function assertNever(value: never, what: string): never {
  throw new AegisError("internal", `unexpected ${what}`, { detail: JSON.stringify(value) });
}

/** INVARIANT helper: programmer errors stop the action, they never continue as something else. */
export function assertThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AegisError("internal", message);
}

/**
 * The one error this package throws. `code` is for programs, `message` for people (safe to show),
 * `offset` the UTF-16 position in the text that was read, where there is one.
 */
export type EvidenceErrorCode =
  | "json-syntax"
  | "json-duplicate-key"
  | "json-number"
  | "json-limit"
  | "not-canonical"
  | "malformed"
  | "limit-exceeded"
  | "out-of-range"
  | "bad-signature";

export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
  readonly code: EvidenceErrorCode;
  readonly offset: number | undefined;

  constructor(code: EvidenceErrorCode, message: string, offset?: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** The message of anything thrown, for reasons in reports. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

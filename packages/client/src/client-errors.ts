/** What went wrong with a call, as errors a person can act on. */
import { AegisError, type ErrorCode, errorText, isAegisError } from "@aegisflow/core/errors";

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid-input",
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  413: "too-large",
  422: "config-invalid",
  429: "limit-exceeded",
  502: "upstream-failed",
  503: "unavailable",
  504: "timeout",
};

/** A refusal of the server, with its own words where it has some. */
export async function errorOfResponse(response: Response, url: string): Promise<AegisError> {
  const code = CODE_BY_STATUS[response.status] ?? "internal";
  const said = messageIn(await response.text().catch(() => ""));
  if (said === undefined) {
    return new AegisError(code, `\`${url}\` answered ${response.status}; is it the admin API of aegisflow?`);
  }
  const advice = code === "unauthenticated" ? "; set AEGISFLOW_API_KEY" : "";
  return new AegisError(code, `${said}${advice}`);
}

export interface FailedCall {
  readonly url: string;
  readonly timeoutMs: number;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/** A call without an answer; errors of ours pass through. */
export function unreachable(error: unknown, { url, timeoutMs, timedOut, cancelled }: FailedCall): AegisError {
  if (isAegisError(error)) return error;
  const options = { cause: error, detail: errorText(error) };
  if (cancelled) return new AegisError("cancelled", "the call was cancelled", options);
  if (timedOut) {
    return new AegisError("timeout", `\`${url}\` did not answer within ${timeoutMs / 1000} s; try again`, options);
  }
  return new AegisError(
    "unavailable",
    `cannot reach the server at \`${url}\`; is aegisflow running? (AEGISFLOW_ADMIN_URL)`,
    options,
  );
}

function messageIn(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
    const { error } = body;
    if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
    return typeof error.message === "string" ? error.message : undefined;
  } catch {
    return undefined;
  }
}

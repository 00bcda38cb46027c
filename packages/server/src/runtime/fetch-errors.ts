/** Failures of outbound requests as the product's own errors, the same on both runtimes. */
import { AegisError, errorText, isAegisError } from "@aegisflow/core/errors";
import { originOf } from "./redirects.ts";

export function toFetchError(error: unknown, url: string, signal: AbortSignal): AegisError {
  if (isAegisError(error)) return error;
  if (signal.aborted)
    return new AegisError("cancelled", `request to \`${originOf(url)}\` was cancelled`, { cause: error });
  return new AegisError(
    "upstream-failed",
    `could not reach \`${originOf(url)}\`; check that it is running and reachable`,
    {
      detail: errorText(error),
      retryable: true,
      cause: error,
    },
  );
}

/** A body whose failures are the product's errors too. */
export async function* guardBody(
  body: AsyncIterable<Uint8Array>,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toFetchError(error, url, signal);
  }
}

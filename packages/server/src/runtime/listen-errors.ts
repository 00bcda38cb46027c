/** Failures to listen, in the product's own words, the same on both runtimes. */
import { AegisError, errorText } from "@aegisflow/core/errors";
import type { ListenOptions } from "./runtime.ts";

export function toListenError(error: unknown, { host, port }: ListenOptions): AegisError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const details = { detail: errorText(error), cause: error };
  if (code === "EADDRINUSE") {
    return new AegisError(
      "conflict",
      `port ${port} on \`${host}\` is in use; stop the other process or choose another port`,
      details,
    );
  }
  if (code === "EACCES") {
    return new AegisError(
      "forbidden",
      `port ${port} on \`${host}\` may not be opened by this user; choose a port above 1023`,
      details,
    );
  }
  return new AegisError("config-invalid", `cannot listen on \`${host}\` port ${port}; check the address`, details);
}

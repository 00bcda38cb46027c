/** The admin API as commands use it: address and key come from the environment, `@aegisflow/client` does the rest. */
import { type AdminClient, createAdminClient } from "@aegisflow/client";
import { AegisError } from "@aegisflow/core/errors";
import type { CliIo } from "./cli-io.ts";

export const ADMIN_URL_DEFAULT = "http://127.0.0.1:8081";

/** @throws AegisError `unauthenticated` when there is no key: every command that needs a server needs one. */
export function connectAdmin(io: CliIo): AdminClient {
  const apiKey = io.env.AEGISFLOW_API_KEY ?? "";
  if (apiKey === "") {
    throw new AegisError(
      "unauthenticated",
      "no API key: set AEGISFLOW_API_KEY to yours. The first start of the server printed the admin key; `aegisctl keys create` makes others",
    );
  }
  return createAdminClient({ url: adminUrl(io), apiKey, fetch: (url, init) => io.fetch(url, init) });
}

export function adminUrl(io: CliIo): string {
  return (io.env.AEGISFLOW_ADMIN_URL ?? ADMIN_URL_DEFAULT).replace(/\/+$/, "");
}

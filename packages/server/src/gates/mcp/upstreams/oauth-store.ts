/**
 * Where sign-ins to upstreams are kept from start to start: a file per upstream, readable by its owner only, bound to
 * the url it was made for; a renamed or redirected upstream starts anew.
 * Trusted: whoever reads these files can act as the gateway towards the upstream.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredOAuthClientInformation, StoredOAuthTokens } from "@modelcontextprotocol/client";
import { SignInState } from "./oauth-provider.ts";

export interface StoredSignIn {
  readonly url: string;
  readonly clients: Readonly<Record<string, StoredOAuthClientInformation>>;
  readonly tokens: Readonly<Record<string, StoredOAuthTokens>>;
  readonly currentIssuer?: string;
}

export interface SignInStore {
  load(upstream: string, url: string): Promise<SignInState>;
  save(upstream: string, signIn: StoredSignIn): Promise<void>;
}

/** Forgets everything at the end of the process. */
export function memorySignInStore(): SignInStore {
  return { load: async (_upstream, url) => new SignInState(url), save: async () => undefined };
}

/** `folder` is created with mode 0700 at the first sign-in. */
export function fileSignInStore(folder: string): SignInStore {
  return {
    load: async (upstream, url) => {
      const stored = await readStored(pathOf(folder, upstream));
      return stored?.url === url ? new SignInState(url, stored) : new SignInState(url);
    },
    save: async (upstream, signIn) => {
      const path = pathOf(folder, upstream);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, JSON.stringify(signIn), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}

/** Names of upstreams are free text; a file name is not. */
function pathOf(folder: string, upstream: string): string {
  return join(folder, `${createHash("sha256").update(upstream).digest("hex").slice(0, 32)}.json`);
}

/** A file that cannot be read costs a sign-in, not the start. */
async function readStored(path: string): Promise<StoredSignIn | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isStoredSignIn(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStoredSignIn(value: unknown): value is StoredSignIn {
  return typeof value === "object" && value !== null && "url" in value && "clients" in value && "tokens" in value;
}

/**
 * Sign-in by a person at this machine's browser (RFC 8252 7.3): the address to open is logged, and a listener at the
 * redirect address, open only meanwhile, takes the answer.
 */
import { AegisError } from "@aegisflow/core";
import type { Runtime } from "../../../runtime/runtime.ts";
import type { Authorize } from "./oauth.ts";

/** A person who has not signed in by then has gone away. */
const SIGN_IN_MS = 5 * 60_000;
const IDLE_S = 30;
/** For the page that says that all is well. */
const LAST_PAGE_MS = 100;
const PAGE_HEADERS = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };

export function loopbackAuthorize(
  runtime: Pick<Runtime, "listen">,
  tell: (upstream: string, message: string) => void,
): Authorize {
  return async ({ upstream, url, redirectUrl, signal }) => {
    const redirect = new URL(redirectUrl);
    const { promise, resolve, reject } = Promise.withResolvers<URL>();
    const listener = await runtime.listen({
      host: redirect.hostname.replace(/^\[|\]$/g, ""),
      port: Number(redirect.port === "" ? "80" : redirect.port),
      idleTimeoutS: IDLE_S,
      handler: async ({ method, path, query }) => {
        if (method !== "GET" || path !== redirect.pathname)
          return { status: 404, headers: PAGE_HEADERS, body: "not found\n" };
        // The page goes out before the listener closes.
        setTimeout(() => resolve(new URL(`?${query}`, redirect)), LAST_PAGE_MS);
        return { status: 200, headers: PAGE_HEADERS, body: "Signed in to the upstream. This page can be closed.\n" };
      },
    });
    const ended = AbortSignal.any([signal, AbortSignal.timeout(SIGN_IN_MS)]);
    const stop = (): void => reject(new AegisError("timeout", `nobody signed in to upstream \`${upstream}\` in time`));
    ended.addEventListener("abort", stop, { once: true });
    tell(upstream, `open this address to sign in: ${url.href}`);
    try {
      return await promise;
    } finally {
      ended.removeEventListener("abort", stop);
      await listener.close(LAST_PAGE_MS);
    }
  };
}

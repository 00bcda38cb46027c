/**
 * The SDK's `fetch` over our own: bounded answers, no redirects followed, and only addresses that a sign-in may
 * reach. Discovery follows what a server says; it must not lead the gateway into the network behind it.
 */
import { AegisError } from "@aegisflow/core";
import type { FetchLike } from "@modelcontextprotocol/client";
import { readText } from "./event-stream.ts";
import type { Fetch } from "./http-wire.ts";

/** Metadata documents and token answers are a few kilobytes. */
const OAUTH_BYTES_MAX = 1024 * 1024;
/** Statuses whose answers have no body; `Response` insists on it. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export function oauthFetch(upstream: string, upstreamUrl: string, fetch: Fetch, signal: AbortSignal): FetchLike {
  return async (input, init) => {
    const url = new URL(input);
    if (!mayReach(url, new URL(upstreamUrl))) {
      throw new AegisError(
        "upstream-failed",
        `sign-in to upstream \`${upstream}\` leads to \`${url.origin}\`, which is not https`,
      );
    }
    const headers = Object.fromEntries(new Headers(init?.headers));
    const body = bodyText(init?.body);
    if (body !== undefined) headers["content-type"] ??= "application/x-www-form-urlencoded";
    const response = await fetch({
      url: url.href,
      method: init?.method ?? "GET",
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    const text = await readText(upstream, response.body, OAUTH_BYTES_MAX);
    const answer = BODILESS.has(response.status) ? null : text;
    return new Response(answer, { status: response.status, headers: [...response.headers] });
  };
}

/** Plain http is for development: both the upstream and its authorization server on this machine. */
function mayReach(url: URL, upstream: URL): boolean {
  if (url.protocol === "https:") return !isLoopback(url) || isLoopback(upstream);
  return url.protocol === "http:" && isLoopback(url) && isLoopback(upstream);
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new AegisError("internal", "sign-in with a body that is neither text nor form");
}

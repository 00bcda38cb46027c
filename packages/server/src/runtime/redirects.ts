/**
 * Redirects of outbound requests, the same on both runtimes: never followed unless asked for, few hops, and
 * credentials stay with the origin they were meant for.
 */
import { AegisError } from "@aegisflow/core/errors";
import type { FetchRequest, FetchResponse } from "./runtime.ts";

/** Enough for a load balancer and a canonical host; a chain longer than this is a loop. */
const REDIRECTS_MAX = 5;
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-api-key",
]);

export async function withRedirects(
  request: FetchRequest,
  fetchOnce: (request: FetchRequest) => Promise<FetchResponse>,
): Promise<FetchResponse> {
  let current = request;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
    const response = await fetchOnce(current);
    const location = response.headers.get("location");
    const isRedirect = response.status >= 301 && response.status <= 308 && location !== undefined;
    if (!isRedirect || (request.redirect ?? "manual") === "manual") return response;
    await response.body[Symbol.asyncIterator]().return?.();
    if (request.redirect === "error")
      throw new AegisError(
        "upstream-failed",
        `\`${originOf(current.url)}\` answered with a redirect, which is not allowed here`,
      );
    current = nextRequest(current, response.status, location);
  }
  throw new AegisError("upstream-failed", `\`${originOf(request.url)}\` redirected more than ${REDIRECTS_MAX} times`);
}

export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

function nextRequest(request: FetchRequest, status: number, location: string): FetchRequest {
  const url = new URL(location, request.url);
  const isSameOrigin = url.origin === new URL(request.url).origin;
  const headers = isSameOrigin
    ? request.headers
    : Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase())),
      );
  const keepsBody = status === 307 || status === 308 || request.method === "GET" || request.method === "HEAD";
  if (keepsBody) return { ...request, url: url.href, headers };
  const { body: _body, ...withoutBody } = request;
  return { ...withoutBody, url: url.href, headers, method: "GET" };
}

/**
 * What both listeners do the same way before a handler sees a request: headers become one map with every
 * repeated single-valued header refused, Host is checked, and the request target becomes a path and a query
 * under the WHATWG rules (Bun gives nothing else, so Node follows). Pure.
 */
import { AegisError } from "@aegisflow/core/errors";

/** Upper bound of any request body on a listener; handlers read with their own, smaller limit. */
export const LISTENER_BODY_BYTES_MAX = 16 * 1024 * 1024;

export function bodyCeiling(options: { readonly bodyBytesMax?: number }): number {
  return options.bodyBytesMax ?? LISTENER_BODY_BYTES_MAX;
}

/** Headers that carry one value. Two of them mean that two readers may believe two different things. */
const SINGLE_VALUED: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "last-event-id",
  "mcp-method",
  "mcp-protocol-version",
  "mcp-session-id",
  "origin",
  "traceparent",
  "x-api-key",
  "x-csrf-token",
  "x-request-id",
]);

const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
/** Characters that a URL parser keeps as they are; anything else goes through one. */
const PLAIN_TARGET = /^\/[\w\-~!$&()*+,;=:@%/?.]*$/;
const DOT_SEGMENT = /\/(?:\.|%2e)/i;

export interface RequestTarget {
  readonly path: string;
  readonly query: string;
}

/**
 * Lower-cases and joins headers. Bun has joined repeated headers with `, ` already, Node gives the raw pairs:
 * either way a single-valued header with two values is refused.
 * @throws AegisError `invalid-input`.
 */
export function toHeaderMap(pairs: Iterable<readonly [string, string]>): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [rawName, value] of pairs) {
    const name = rawName.toLowerCase();
    const before = headers.get(name);
    if (SINGLE_VALUED.has(name) && (before !== undefined || value.includes(","))) {
      throw new AegisError("invalid-input", `header \`${name}\` appears more than once; send it once`);
    }
    headers.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`);
  }
  const host = headers.get("host");
  if (host !== undefined && !HOST.test(host)) {
    throw new AegisError("invalid-input", "header `host` is not a host name; send the name of this server");
  }
  return headers;
}

/** @throws AegisError `invalid-input` for a target that is neither a path nor an absolute http URL. */
export function toRequestTarget(target: string): RequestTarget {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const rooted = local.startsWith("?") || local === "" ? `/${local}` : local;
  if (!rooted.startsWith("/"))
    throw new AegisError("invalid-input", "request target must be a path that starts with /");
  if (PLAIN_TARGET.test(rooted) && !DOT_SEGMENT.test(rooted)) return splitQuery(rooted);
  const url = new URL(`http://local${rooted}`);
  return { path: url.pathname, query: url.search.slice(1) };
}

/** IPv4 addresses as people write them, even on a dual-stack socket. */
export function toRemoteAddress(address: string | undefined): string {
  if (address === undefined || address === "") return "unix";
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}

/** The announced body length. @throws AegisError `too-large` when it is over the limit. */
export function assertAnnouncedLength(headers: ReadonlyMap<string, string>, bytesMax: number): void {
  const announced = headers.get("content-length");
  if (announced !== undefined && Number(announced) > bytesMax) throw bodyTooLarge(bytesMax);
}

/** Reads a body to its end within the limit. @throws AegisError `too-large` as soon as one byte more has arrived. */
export async function collectBody(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
    parts.push(chunk);
  }
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  return Buffer.concat(parts, bytes);
}

export function bodyTooLarge(bytesMax: number): AegisError {
  return new AegisError("too-large", `request body is larger than ${bytesMax} bytes; send a smaller one`);
}

/** The only two answers a listener gives by itself; everything else comes from the handler. */
export function refusalBody(status: 400 | 500, message: string): string {
  return JSON.stringify({
    error: { code: status, message, type: status === 400 ? "invalid_request" : "server_error" },
  });
}

function splitQuery(target: string): RequestTarget {
  const mark = target.indexOf("?");
  return mark === -1 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

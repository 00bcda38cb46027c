/** Outbound requests on node:http(s): streamed, undecoded (no compression is asked for), cancelled by the signal. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { AegisError } from "@aegisflow/core/errors";
import { guardBody, toFetchError } from "../fetch-errors.ts";
import { withRedirects } from "../redirects.ts";
import type { FetchRequest, FetchResponse } from "../runtime.ts";

export function nodeFetch(request: FetchRequest): Promise<FetchResponse> {
  return withRedirects(request, fetchOnce);
}

async function fetchOnce(request: FetchRequest): Promise<FetchResponse> {
  const { url, signal } = request;
  try {
    const response = await send(request);
    return { status: response.statusCode ?? 0, headers: toHeaders(response), body: guardBody(response, url, signal) };
  } catch (error) {
    throw toFetchError(error, url, signal);
  }
}

function send(request: FetchRequest): Promise<IncomingMessage> {
  const url = new URL(request.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new AegisError("invalid-input", `\`${url.protocol}\` is not a protocol for requests; use http or https`);
  }
  const open = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, {
      method: request.method,
      headers: { "accept-encoding": "identity", "user-agent": "aegisflow", ...lengthOf(request), ...request.headers },
    });
    abortWith(request.signal, outgoing);
    // Small writes leave at once; waiting for more costs up to 40 ms each.
    outgoing.setNoDelay(true);
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
}

/**
 * NOTE: not the `signal` option: it destroys the socket with an error, and where the response is complete but not read
 * to its end, nobody listens for errors of the socket any more; that would end the process.
 */
function abortWith(signal: AbortSignal, outgoing: ClientRequest): void {
  const abort = (): void => void outgoing.destroy();
  const done = (): void => signal.removeEventListener("abort", abort);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  outgoing.once("response", (response: IncomingMessage) => response.once("end", done));
  outgoing.once("close", done);
}

function lengthOf(request: FetchRequest): Readonly<Record<string, string>> {
  if (request.body === undefined) return {};
  return { "content-length": String(Buffer.byteLength(request.body)) };
}

function toHeaders(response: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

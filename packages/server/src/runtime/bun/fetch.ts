/** Outbound requests on Bun's native fetch: streamed, undecoded (no compression is asked for), cancelled by the signal. */
import { guardBody, toFetchError } from "../fetch-errors.ts";
import { withRedirects } from "../redirects.ts";
import type { FetchRequest, FetchResponse } from "../runtime.ts";

export function bunFetch(request: FetchRequest): Promise<FetchResponse> {
  return withRedirects(request, fetchOnce);
}

async function fetchOnce(request: FetchRequest): Promise<FetchResponse> {
  const { url, signal } = request;
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: { "accept-encoding": "identity", ...request.headers },
      redirect: "manual",
      decompress: false,
      signal,
      ...(request.body === undefined
        ? {}
        : { body: request.body instanceof Uint8Array ? Uint8Array.from(request.body) : request.body }),
    });
    return {
      status: response.status,
      headers: new Map(response.headers.entries()),
      body: guardBody(response.body ?? noBody(), url, signal),
    };
  } catch (error) {
    throw toFetchError(error, url, signal);
  }
}

async function* noBody(): AsyncGenerator<Uint8Array> {}

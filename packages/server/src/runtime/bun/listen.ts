/**
 * Listening on Bun.serve. A streamed body is pulled only as fast as the client reads, its iterator is returned
 * when the client goes away, and neither a waiting handler nor a stream is closed for being idle.
 */
import { isAegisError } from "@aegisflow/core/errors";
import { openBodyPump } from "../body-pump.ts";
import {
  assertAnnouncedLength,
  bodyCeiling,
  collectBody,
  refusalBody,
  toHeaderMap,
  toRemoteAddress,
  toRequestTarget,
} from "../inbound.ts";
import { toListenError } from "../listen-errors.ts";
import { createRunningRequests, type RunningRequest } from "../running-requests.ts";
import type { InboundRequest, Listener, ListenOptions, OutboundResponse } from "../runtime.ts";
import { clearUnixPath, closeToOthers, unixPathOf, withPrivateUmask } from "../unix-socket.ts";

/** Bun accepts no more. */
const BUN_IDLE_TIMEOUT_S_MAX = 255;

interface Exchange {
  readonly request: Request;
  readonly running: RunningRequest;
  /** Turns the idle limit of this connection off and on. */
  readonly idleTimeout: { off(): void; on(): void };
}

export async function bunListen(options: ListenOptions): Promise<Listener> {
  const unixPath = unixPathOf(options.host);
  if (unixPath !== undefined) await clearUnixPath(unixPath);
  const requests = createRunningRequests();
  const idleTimeoutS = Math.min(options.idleTimeoutS, BUN_IDLE_TIMEOUT_S_MAX);
  const fetch = (request: Request, server: Bun.Server<undefined>): Promise<Response> => {
    const idleTimeout = {
      off: () => server.timeout(request, 0),
      on: () => server.timeout(request, idleTimeoutS),
    };
    const remoteAddress = toRemoteAddress(server.requestIP(request)?.address);
    return respond({ request, running: requests.begin(), idleTimeout }, remoteAddress, options);
  };
  const server = serve(options, { fetch, idleTimeout: idleTimeoutS }, unixPath);
  if (unixPath !== undefined) closeToOthers(unixPath);
  return {
    host: options.host,
    port: server.port ?? 0,
    async close(graceMs) {
      const stopped = server.stop(false);
      await requests.drain(graceMs);
      await server.stop(true);
      await stopped;
    },
  };
}

interface Serving {
  readonly fetch: (request: Request, server: Bun.Server<undefined>) => Promise<Response>;
  readonly idleTimeout: number;
}

function serve(
  options: ListenOptions,
  { fetch, idleTimeout }: Serving,
  unixPath: string | undefined,
): Bun.Server<undefined> {
  const shared = { fetch, maxRequestBodySize: bodyCeiling(options), development: false };
  try {
    if (unixPath !== undefined) return withPrivateUmask(() => Bun.serve({ ...shared, unix: unixPath }));
    // NOTE: without `reusePort: false` Bun shares the port with any other process of this user.
    return Bun.serve({ ...shared, hostname: options.host, port: options.port, idleTimeout, reusePort: false });
  } catch (error) {
    throw toListenError(error, options);
  }
}

async function respond(exchange: Exchange, remoteAddress: string, options: ListenOptions): Promise<Response> {
  const { request, running } = exchange;
  request.signal.addEventListener("abort", () => running.abort(), { once: true });
  try {
    return toResponse(exchange, await options.handler(toInbound(exchange, remoteAddress, bodyCeiling(options))));
  } catch (error) {
    running.finish();
    const isRefusal = isAegisError(error) && error.code === "invalid-input";
    const status = isRefusal ? 400 : 500;
    const message = isRefusal ? error.message : "internal error; see the server's log";
    return new Response(refusalBody(status, message), {
      status,
      headers: { "content-type": "application/json", connection: "close" },
    });
  }
}

function toInbound(
  { request, running, idleTimeout }: Exchange,
  remoteAddress: string,
  ceiling: number,
): InboundRequest {
  const headers = toHeaderMap(request.headers.entries());
  const target = toRequestTarget(request.url);
  if (request.body === null) idleTimeout.off();
  return {
    method: request.method,
    ...target,
    headers,
    remoteAddress,
    signal: running.signal,
    async readBody(bytesMax) {
      assertAnnouncedLength(headers, bytesMax);
      if (request.body === null) return new Uint8Array();
      const body = await collectBody(request.body, Math.min(bytesMax, ceiling));
      // The idle limit guards the upload; from here on the handler may take its time.
      idleTimeout.off();
      return body;
    },
  };
}

function toResponse(exchange: Exchange, response: OutboundResponse): Response {
  const init = { status: response.status, headers: { ...response.headers } };
  const { body } = response;
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    exchange.running.finish();
    exchange.idleTimeout.on();
    return new Response(body === null || typeof body === "string" ? body : Uint8Array.from(body), init);
  }
  exchange.idleTimeout.off();
  return new Response(toStream(exchange, body), init);
}

function toStream(exchange: Exchange, body: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> {
  const { signal } = exchange.running;
  const pump = openBodyPump(body, signal);
  const end = (): void => {
    void pump.stop();
    exchange.idleTimeout.on();
    exchange.running.finish();
  };
  // A client may be gone before the first read; then nobody would pull or cancel.
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await pump.next();
          if (chunk !== undefined) return controller.enqueue(chunk);
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: () => exchange.running.abort(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Listening on node:http, with the same promises as on Bun: a streamed body is pulled only as fast as the client
 * reads, its iterator is returned when the client goes away, and nothing that waits is closed for being idle.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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

/** Time to send all headers, and then the whole request: what a slow but honest client needs. */
const HEADERS_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 300_000;
/** How long the rest of a refused upload is read before the connection is closed. */
const DISCARD_MS = 1_000;

export async function nodeListen(options: ListenOptions): Promise<Listener> {
  const unixPath = unixPathOf(options.host);
  if (unixPath !== undefined) await clearUnixPath(unixPath);
  const requests = createRunningRequests();
  const server = createServer(
    {
      keepAliveTimeout: options.idleTimeoutS * 1000,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      noDelay: true,
    },
    (incoming, outgoing) => void respond(incoming, outgoing, requests.begin(), options),
  );
  await bind(server, options, unixPath);
  if (unixPath !== undefined) closeToOthers(unixPath);
  const address = server.address();
  return {
    host: options.host,
    port: typeof address === "object" && address !== null ? address.port : 0,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await requests.drain(graceMs);
      server.closeAllConnections();
      await closed;
    },
  };
}

function bind(server: Server, options: ListenOptions, unixPath: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(toListenError(error, options));
    server.once("error", fail);
    server.once("listening", () => {
      server.off("error", fail);
      resolve();
    });
    if (unixPath === undefined) server.listen(options.port, options.host);
    else withPrivateUmask(() => server.listen(unixPath));
  });
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  running: RunningRequest,
  options: ListenOptions,
): Promise<void> {
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) running.abort();
    running.finish();
  });
  // A broken socket shows as `close`; without a listener its error would end the process.
  outgoing.on("error", () => undefined);
  try {
    await write(outgoing, await options.handler(toInbound(incoming, running, bodyCeiling(options))), running);
  } catch (error) {
    refuse(outgoing, error);
  }
  if (!incoming.complete) discardRest(incoming);
}

/** A body nobody wants is thrown away for a moment, so that the client can read the answer, then the socket is cut. */
function discardRest(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.destroy(), DISCARD_MS);
  timer.unref();
  incoming.once("end", () => clearTimeout(timer));
  incoming.resume();
}

function toInbound(incoming: IncomingMessage, running: RunningRequest, ceiling: number): InboundRequest {
  const headers = toHeaderMap(headerPairs(incoming.rawHeaders));
  return {
    method: incoming.method ?? "GET",
    ...toRequestTarget(incoming.url ?? "/"),
    headers,
    remoteAddress: toRemoteAddress(incoming.socket.remoteAddress),
    signal: running.signal,
    async readBody(bytesMax) {
      assertAnnouncedLength(headers, bytesMax);
      return collectBody(incoming.iterator({ destroyOnReturn: false }), Math.min(bytesMax, ceiling));
    },
  };
}

function* headerPairs(raw: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
}

async function write(outgoing: ServerResponse, response: OutboundResponse, running: RunningRequest): Promise<void> {
  const { body } = response;
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    const length = body === null ? {} : { "content-length": Buffer.byteLength(body) };
    outgoing.writeHead(response.status, { ...length, ...response.headers });
    outgoing.end(body ?? undefined);
    return;
  }
  outgoing.writeHead(response.status, { ...response.headers });
  outgoing.flushHeaders();
  const pump = openBodyPump(body, running.signal);
  try {
    for (let chunk = await pump.next(); chunk !== undefined; chunk = await pump.next()) {
      if (!outgoing.write(chunk)) await drained(outgoing);
    }
    outgoing.end();
  } finally {
    void pump.stop();
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}

function refuse(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  const isRefusal = isAegisError(error) && error.code === "invalid-input";
  const status = isRefusal ? 400 : 500;
  const body = refusalBody(status, isRefusal ? error.message : "internal error; see the server's log");
  outgoing.writeHead(status, { "content-type": "application/json", connection: "close" });
  outgoing.end(body);
}

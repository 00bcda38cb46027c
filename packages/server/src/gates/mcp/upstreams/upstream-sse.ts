/**
 * An upstream that speaks the HTTP+SSE transport of MCP 2024-11-05: one GET stream that first names the endpoint for
 * POSTs and then carries every message of the server. When the stream ends, the session is over.
 */
import { AegisError, errorText, isAegisError, type JsonObject } from "@aegisflow/core";
import type { UpstreamRequest } from "../upstream.ts";
import { Calls, lostCall } from "./calls.ts";
import type { ServerFacts } from "./eras.ts";
import { discard, readEvents } from "./event-stream.ts";
import { encodeNotification, guessAnsweredId, parseFrames } from "./frames.ts";
import { type Handshake, initialize } from "./handshake.ts";
import { answerKind, readRefusal, refusalError } from "./http-answers.ts";
import type { HttpConfig, HttpPorts } from "./http-config.ts";
import type { OpenSession, SessionEnd, SessionHooks, UpstreamSession } from "./session.ts";
import { watchBySubscribing } from "./watch.ts";

export function sseOpener(config: HttpConfig, ports: HttpPorts): OpenSession {
  return async (hooks) => {
    const connection = new SseConnection(config, ports, hooks);
    try {
      await connection.connect();
      const facts = await initialize(connection.handshake(hooks.signal), config);
      return connection.toSession(facts);
    } catch (error) {
      connection.close();
      throw error;
    }
  };
}

class SseConnection {
  readonly #config: HttpConfig;
  readonly #ports: HttpPorts;
  readonly #hooks: SessionHooks;
  readonly #calls: Calls;
  readonly #stop = new AbortController();
  readonly #endpoint = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<SessionEnd>();

  constructor(config: HttpConfig, ports: HttpPorts, hooks: SessionHooks) {
    this.#config = config;
    this.#ports = ports;
    this.#hooks = hooks;
    this.#endpoint.promise.catch(() => undefined);
    this.#calls = new Calls({
      ...ports,
      name: config.name,
      broadcast: hooks.broadcast,
      cancel: (id, reason) => this.#tell(encodeNotification("notifications/cancelled", { requestId: id, reason })),
      reply: (text) => this.#tell(text),
      mayAsk: () => true,
    });
  }

  /** Resolves when the server has named its endpoint. */
  async connect(): Promise<void> {
    const { name, url, timeoutMs } = this.#config;
    const headers = { accept: "text/event-stream" };
    const response = await this.#ports.wire.send({ method: "GET", url, headers, signal: this.#signal() });
    if (answerKind(response) === "refused") throw refusalError(name, await readRefusal(name, response));
    if (answerKind(response) !== "events") {
      await discard(response.body);
      throw new AegisError("upstream-failed", `upstream \`${name}\` is no HTTP+SSE server; try \`transport: http\``);
    }
    void this.#read(response.body);
    const waiting = new AbortController();
    const late = this.#ports.clock.sleep(timeoutMs, AbortSignal.any([waiting.signal, this.#signal()])).then(() => {
      throw new AegisError("timeout", `upstream \`${name}\` did not name its endpoint within ${timeoutMs} ms`);
    });
    late.catch(() => undefined);
    await Promise.race([this.#endpoint.promise, late]).finally(() => waiting.abort());
  }

  handshake(signal: AbortSignal): Handshake {
    return {
      request: (request) => this.request({ ...request, signal }),
      notify: (method) => this.notify(method, {}),
    };
  }

  toSession(facts: ServerFacts): UpstreamSession {
    const watcher = watchBySubscribing(facts, (request) => this.request(request));
    return {
      facts,
      request: (request) => this.request(request),
      notify: (method, params) => this.notify(method, params),
      watch: (uris) => watcher.watch(uris),
      ended: this.#ended.promise,
      close: async () => {
        watcher.stop();
        this.close();
      },
    };
  }

  request(request: UpstreamRequest): Promise<JsonObject> {
    return this.#calls.call(request, {}, ({ text, signal }) => this.#post(text, signal, request.headers));
  }

  notify(method: string, params: JsonObject): Promise<void> {
    return this.#post(encodeNotification(method, params), this.#signal(), undefined);
  }

  close(): void {
    this.#stop.abort();
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, this.#hooks.signal]);
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { name } = this.#config;
    let reason = `upstream \`${name}\` closed its event stream`;
    try {
      for await (const { event, data } of readEvents(name, body, { lastEventId: undefined, retryMs: undefined })) {
        if (event === "endpoint") this.#takeEndpoint(data);
        else if (event === "message") this.#receive(data);
      }
    } catch (error) {
      reason = isAegisError(error) ? error.message : `${reason}: ${errorText(error)}`;
    }
    const error = new AegisError("upstream-failed", reason);
    this.#endpoint.reject(error);
    this.#calls.failAll(({ method }) => lostCall(reason, method));
    this.#ended.resolve({ error, expired: false });
  }

  /** A stream may not send our requests, with their credentials, to another server. */
  #takeEndpoint(data: string): void {
    const { name, url } = this.#config;
    const endpoint = URL.canParse(data, url) ? new URL(data, url) : undefined;
    if (endpoint === undefined || endpoint.origin !== new URL(url).origin) {
      throw new AegisError("upstream-failed", `upstream \`${name}\` named an endpoint on another origin`);
    }
    this.#endpoint.resolve(endpoint.href);
  }

  #receive(data: string): void {
    try {
      for (const frame of parseFrames(this.#config.name, data)) this.#calls.receive(frame);
    } catch (error) {
      const id = guessAnsweredId(data);
      this.#ports.log("warn", errorText(error));
      if (id !== undefined) this.#calls.fail(id, error);
    }
  }

  async #post(body: string, signal: AbortSignal, leaseHeaders: UpstreamRequest["headers"]): Promise<void> {
    const { name } = this.#config;
    const url = await this.#endpoint.promise;
    const headers = { accept: "application/json, text/event-stream", "content-type": "application/json" };
    const response = await this.#ports.wire.send({ method: "POST", url, body, signal, headers, leaseHeaders });
    if (answerKind(response) === "refused") throw refusalError(name, await readRefusal(name, response));
    await discard(response.body);
  }

  #tell(text: string): void {
    this.#post(text, this.#signal(), undefined).catch((error: unknown) => {
      this.#ports.log("debug", `a message was not delivered: ${errorText(error)}`);
    });
  }
}

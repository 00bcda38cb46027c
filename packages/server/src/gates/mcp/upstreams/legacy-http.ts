/**
 * Streamable HTTP of the legacy era (MCP 2025-03-26 to 2025-11-25): a session that the server names, one POST per
 * message, answers as JSON or as a stream, and a standing GET stream for what the server has to say unasked.
 * A stream that breaks before its answer is taken up again with Last-Event-ID, after the delay the server asked for.
 */
import { AegisError, errorText, isAegisError, type JsonObject } from "@aegisflow/core";
import type { FetchResponse } from "../../../runtime/runtime.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { Calls, lostCall, type Transmission } from "./calls.ts";
import { asText, type ServerFacts } from "./eras.ts";
import { discard, type StreamPosition } from "./event-stream.ts";
import { encodeNotification } from "./frames.ts";
import {
  answerKind,
  feedAnswer,
  feedEvents,
  isBrokenStream,
  type Refusal,
  readRefusal,
  refusalError,
} from "./http-answers.ts";
import type { HttpConfig, HttpPorts } from "./http-config.ts";
import type { WireRequest } from "./http-wire.ts";
import { type SessionEnd, type SessionHooks, SessionLost, type UpstreamSession } from "./session.ts";
import { watchBySubscribing } from "./watch.ts";

/** Before a broken stream is taken up again, unless the server says otherwise; doubled for the standing stream. */
const RETRY_MS = 1000;
/** A server may ask for patience, but not for more than this. */
const RETRY_MS_MAX = 60_000;
/** Attempts in a row that bring no event. */
const RESUMES_MAX = 5;
/** Goodbye to a server; it must not hold up a stop. */
const GOODBYE_MS = 2000;
/** MCP 2025-11-25 basic/transports: visible ASCII. The length is ours: it is sent with every request. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

type Exchange = Pick<WireRequest, "method" | "signal" | "leaseHeaders" | "body"> & { readonly lastEventId?: string };

export class LegacyHttp {
  readonly #config: HttpConfig;
  readonly #ports: HttpPorts;
  readonly #calls: Calls;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  #sessionId: string | undefined;
  #version: string | undefined;

  constructor(config: HttpConfig, ports: HttpPorts, hooks: SessionHooks) {
    this.#config = config;
    this.#ports = ports;
    this.#calls = new Calls({
      ...ports,
      name: config.name,
      broadcast: hooks.broadcast,
      cancel: (id, reason) => this.#tell(encodeNotification("notifications/cancelled", { requestId: id, reason })),
      reply: (text) => this.#tell(text),
      mayAsk: () => true,
    });
  }

  toSession(facts: ServerFacts): UpstreamSession {
    const watcher = watchBySubscribing(facts, (request) => this.request(request));
    void this.#listen();
    return {
      facts,
      request: (request) => this.request(request),
      notify: (method, params) => this.notify(method, params),
      watch: (uris) => watcher.watch(uris),
      ended: this.#ended.promise,
      close: async () => {
        watcher.stop();
        await this.close();
      },
    };
  }

  async request(request: UpstreamRequest): Promise<JsonObject> {
    const result = await this.#calls.call(request, {}, (transmission) => this.#post(request, transmission));
    if (request.method === "initialize") this.#version = asText(result["protocolVersion"]);
    return result;
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    const { signal } = this.#stop;
    const response = await this.#exchange({ method: "POST", body: encodeNotification(method, params), signal });
    if (answerKind(response) === "refused") throw await this.#refused(await readRefusal(this.#config.name, response));
    await discard(response.body);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#sessionId === undefined) return;
    const signal = AbortSignal.timeout(GOODBYE_MS);
    // Optional for the server; without an answer the session ends by itself.
    await this.#exchange({ method: "DELETE", signal }).then(
      (response) => discard(response.body),
      () => undefined,
    );
  }

  async #post(request: UpstreamRequest, transmission: Transmission): Promise<void> {
    const { id, text, signal } = transmission;
    const response = await this.#exchange({ method: "POST", body: text, signal, leaseHeaders: request.headers });
    if (request.method === "initialize") this.#takeSessionId(response);
    if (answerKind(response) === "refused") return this.#receiveRefusal(response, id);
    const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
    await this.#untilBroken(feedAnswer(this.#config.name, response, this.#calls, position, id), position);
    await this.#resume(request, transmission, position);
  }

  /** Returns once the call is over, or throws when its stream cannot be had again. */
  async #resume(request: UpstreamRequest, { id, signal }: Transmission, position: StreamPosition): Promise<void> {
    const { name } = this.#config;
    for (let fruitless = 0; this.#calls.isPending(id); fruitless++) {
      const { lastEventId } = position;
      const lost = lostCall(`upstream \`${name}\` ended its response without an answer`, request.method);
      if (lastEventId === undefined || fruitless >= RESUMES_MAX) throw lost;
      await this.#ports.clock.sleep(Math.min(position.retryMs ?? RETRY_MS, RETRY_MS_MAX), signal);
      const response = await this.#exchange({ method: "GET", signal, lastEventId });
      if (answerKind(response) !== "events") {
        await discard(response.body);
        throw lost;
      }
      await this.#untilBroken(feedEvents(name, response.body, this.#calls, position, id), position);
      if (position.lastEventId !== lastEventId) fruitless = -1;
    }
  }

  /** A stream that can be taken up again may break; everything else is an error. */
  async #untilBroken(feeding: Promise<void>, position: StreamPosition): Promise<void> {
    try {
      await feeding;
    } catch (error) {
      if (position.lastEventId === undefined || !isBrokenStream(error)) throw error;
      this.#ports.log("debug", `response stream broke: ${errorText(error)}`);
    }
  }

  /** The standing stream. Servers without one answer 405; then there are no messages outside calls. */
  async #listen(): Promise<void> {
    const { signal } = this.#stop;
    const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
    for (let delayMs = RETRY_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MS_MAX)) {
      const startedMs = this.#ports.clock.monotonicMs();
      const isOver = await this.#listenOnce(position).catch((error: unknown) => this.#listenBroke(error));
      if (isOver) return;
      if (this.#ports.clock.monotonicMs() - startedMs > RETRY_MS_MAX) delayMs = RETRY_MS;
      const waitMs = Math.max(position.retryMs ?? 0, delayMs);
      await this.#ports.clock.sleep(Math.min(waitMs, RETRY_MS_MAX), signal).catch(() => undefined);
    }
  }

  async #listenOnce(position: StreamPosition): Promise<boolean> {
    const { name } = this.#config;
    const { lastEventId } = position;
    const response = await this.#exchange({
      method: "GET",
      signal: this.#stop.signal,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    });
    if (answerKind(response) === "events") {
      await feedEvents(name, response.body, this.#calls, position);
      return false;
    }
    if (response.status === 404) await this.#refused(await readRefusal(name, response));
    else await discard(response.body);
    return response.status < 500;
  }

  #listenBroke(error: unknown): boolean {
    if (!this.#stop.signal.aborted) this.#ports.log("debug", `standing stream broke: ${errorText(error)}`);
    return this.#stop.signal.aborted;
  }

  async #exchange(exchange: Exchange): Promise<FetchResponse> {
    const { method, body, lastEventId } = exchange;
    try {
      return await this.#ports.wire.send({
        ...exchange,
        url: this.#config.url,
        headers: {
          accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#sessionId === undefined ? {} : { "mcp-session-id": this.#sessionId }),
          ...(this.#version === undefined ? {} : { "mcp-protocol-version": this.#version }),
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        },
      });
    } catch (error) {
      // The server is gone, and with it the session.
      if (isAegisError(error) && error.retryable) this.#ended.resolve({ error, expired: false });
      throw error;
    }
  }

  #takeSessionId(response: FetchResponse): void {
    const sessionId = response.headers.get("mcp-session-id");
    if (sessionId === undefined || answerKind(response) === "refused") return;
    if (!SESSION_ID.test(sessionId)) {
      throw new AegisError(
        "upstream-failed",
        `upstream \`${this.#config.name}\` gave a session id that cannot be sent back`,
      );
    }
    this.#sessionId = sessionId;
  }

  async #receiveRefusal(response: FetchResponse, id: number): Promise<void> {
    const refusal = await readRefusal(this.#config.name, response);
    const error = await this.#refused(refusal);
    if (refusal.frame === undefined || error instanceof SessionLost) throw error;
    this.#calls.receive({ ...refusal.frame, id });
  }

  /** NOTE: many servers answer 400 where the specification wants 404 for a session they do not know. */
  async #refused(refusal: Refusal): Promise<Error> {
    const { name } = this.#config;
    const isUnknown = refusal.status === 404 || (refusal.status === 400 && /session/i.test(refusal.text));
    if (!isUnknown || this.#sessionId === undefined) return refusalError(name, refusal);
    const error = new AegisError("upstream-failed", `upstream \`${name}\` has ended the session`, { retryable: true });
    this.#ended.resolve({ error, expired: true });
    return new SessionLost(error.message);
  }

  /** Best effort: cancellations and answers to the server's questions. */
  #tell(text: string): void {
    this.#exchange({ method: "POST", body: text, signal: this.#stop.signal }).then(
      (response) => discard(response.body),
      (error: unknown) => this.#ports.log("debug", `a message was not delivered: ${errorText(error)}`),
    );
  }
}

/**
 * The bridge's side of Streamable HTTP: the requests it sends, the session of the legacy era, which is opened again
 * when the gateway has forgotten it, and the stream for what belongs to no request.
 */
import { errorText } from "@aegisflow/core/errors";
import type { RpcId } from "./bridge-message.ts";
import { isEventStream, readMessages, refusalLine, type StreamPosition, unreachableLine } from "./gateway-answer.ts";

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;

export type Headers = Readonly<Record<string, string>>;

export interface GatewayPorts {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly url: string;
  /** Undefined: the gateway asks for none. */
  readonly apiKey: string | undefined;
}

export interface Session {
  readonly id: string;
  readonly version: string;
}

export class GatewaySession {
  readonly #ports: GatewayPorts;
  readonly #closing = new AbortController();
  #session: Session | undefined;
  /** Text of the client's `initialize`, to open the session again. */
  #initialize: string | undefined;
  /** Messages wait for a session that is being opened. */
  #opening: Promise<unknown> = Promise.resolve();
  #listening = false;

  constructor(ports: GatewayPorts) {
    this.#ports = ports;
  }

  get url(): string {
    return this.#ports.url;
  }

  /** Aborts when the bridge closes. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  current(): Session | undefined {
    return this.#session;
  }

  /** Resolves when no session is being opened. */
  ready(): Promise<unknown> {
    return this.#opening;
  }

  headers(): Headers {
    if (this.#session === undefined) return {};
    return { "mcp-session-id": this.#session.id, "mcp-protocol-version": this.#session.version };
  }

  post(text: string, headers: Headers, signal: AbortSignal): Promise<Response> {
    const accept = { accept: "application/json, text/event-stream", "content-type": "application/json" };
    return this.#fetch("POST", { ...accept, ...headers }, signal, text);
  }

  get(headers: Headers, signal: AbortSignal): Promise<Response> {
    return this.#fetch("GET", { accept: "text/event-stream", ...this.headers(), ...headers }, signal);
  }

  #fetch(method: string, headers: Headers, signal: AbortSignal, body?: string): Promise<Response> {
    const { url, apiKey } = this.#ports;
    const all = { ...(apiKey === undefined ? {} : { "x-api-key": apiKey }), ...headers };
    return this.#ports.fetch(url, { method, headers: all, signal, ...(body === undefined ? {} : { body }) });
  }

  /** Sends the client's `initialize`; whatever comes back is handed on. */
  open(line: string, id: RpcId, onMessage: (text: string) => void): Promise<void> {
    this.#initialize = line;
    const opening = this.#open(line, id, onMessage);
    this.#opening = opening;
    return opening;
  }

  /** The gateway was restarted: the client need not know. Several requests that notice at once open it once. */
  reopen(forgotten: Session): Promise<unknown> {
    const initialize = this.#initialize;
    const reopening = this.#opening.then(async () => {
      if (this.#session !== forgotten || initialize === undefined) return;
      await this.#open(initialize, 0, () => undefined);
      const initialized = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
      await this.sendSilently(initialized, this.headers());
    });
    this.#opening = reopening;
    return reopening;
  }

  async #open(line: string, id: RpcId, onMessage: (text: string) => void): Promise<void> {
    this.#session = undefined;
    try {
      const response = await this.post(line, {}, this.signal);
      if (!response.ok) return onMessage(await refusalLine(response, id));
      await readMessages(response, newPosition(), (text) => {
        this.#session = sessionOf(response, text) ?? this.#session;
        onMessage(text);
      });
    } catch (error) {
      onMessage(unreachableLine(id, this.url, errorText(error)));
    }
  }

  /** For messages nobody waits for an answer to: the next request will say what is wrong. */
  async sendSilently(line: string, headers: Headers): Promise<void> {
    try {
      const response = await this.post(line, headers, this.signal);
      await response.body?.cancel();
    } catch {
      // Said above.
    }
  }

  /** What belongs to no request, for as long as the bridge lives. */
  async listen(onMessage: (text: string) => void): Promise<void> {
    if (this.#listening || this.#session === undefined) return;
    this.#listening = true;
    const position = newPosition();
    let failures = 0;
    while (!this.signal.aborted) {
      const heard = await this.#hear(position, onMessage);
      if (heard === "unsupported") return;
      failures = heard === "ended" ? 0 : failures + 1;
      await sleep(Math.min(position.retryMs * 2 ** failures, RETRY_MS_MAX), this.signal);
    }
  }

  async #hear(
    position: StreamPosition,
    onMessage: (text: string) => void,
  ): Promise<"ended" | "failed" | "unsupported"> {
    try {
      const { lastEventId } = position;
      const response = await this.get(lastEventId === undefined ? {} : { "last-event-id": lastEventId }, this.signal);
      if (response.status === 405) return "unsupported";
      if (!response.ok || !isEventStream(response)) {
        // A session that was opened anew begins its own numbering.
        position.lastEventId = undefined;
        await response.body?.cancel();
        return "failed";
      }
      await readMessages(response, position, onMessage);
      return "ended";
    } catch {
      return "failed";
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#session === undefined) return;
    await this.#fetch("DELETE", this.headers(), AbortSignal.timeout(RETRY_MS)).catch(() => undefined);
  }
}

export function newPosition(): StreamPosition {
  return { lastEventId: undefined, retryMs: RETRY_MS };
}

function sessionOf(response: Response, text: string): Session | undefined {
  const id = response.headers.get("mcp-session-id");
  try {
    const version: unknown = JSON.parse(text).result?.protocolVersion;
    return id === null || typeof version !== "string" ? undefined : { id, version };
  } catch {
    return undefined;
  }
}

/** Ends early, without complaint, when the signal aborts. */
export function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

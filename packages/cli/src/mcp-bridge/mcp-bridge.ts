/**
 * Standard input and output of an MCP client ↔ the gateway's Streamable HTTP endpoint, for both eras. Requests run
 * side by side, ids come back as they were, what the gateway says unasked reaches the client, and a gateway that is
 * not there is an error to every request and silence to everything else. Messages travel as the client wrote them.
 */
import { errorText } from "@aegisflow/core/errors";
import { type BridgeMessage, claimOf, errorLine, type RpcId, readBridgeMessage } from "./bridge-message.ts";
import {
  brokenLine,
  isEventStream,
  readMessages,
  refusalLine,
  type StreamPosition,
  unreachableLine,
} from "./gateway-answer.ts";
import { nameHeaders, ParamHeaders } from "./modern-headers.ts";
import { readLines } from "./read-lines.ts";

export interface BridgePorts {
  readonly input: AsyncIterable<Uint8Array>;
  /** One message, without line end. */
  readonly output: (line: string) => void;
  /** For people, on standard error. */
  readonly log: (text: string) => void;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly url: string;
  /** Undefined: the gateway asks for none. */
  readonly apiKey: string | undefined;
}

/** Times a broken stream is taken up again before its request is given up. */
const RESUMES_MAX = 5;
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** After the client has closed its end, running requests may still finish within this. */
const FINISH_MS = 5_000;
const PARSE_ERROR = -32700;
const HEADER_MISMATCH = -32020;

type Call = Extract<BridgeMessage, { kind: "request" | "notification" }>;
type Request = Call & { readonly id: RpcId };

interface Session {
  readonly id: string;
  readonly version: string;
}

export async function runMcpBridge(ports: BridgePorts): Promise<void> {
  const bridge = new McpBridge(ports);
  const running = new Set<Promise<void>>();
  for await (const line of readLines(ports.input)) {
    const work = bridge.take(line).catch((error: unknown) => ports.log(`aegisctl mcp: ${errorText(error)}\n`));
    running.add(work);
    void work.finally(() => running.delete(work));
  }
  await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, FINISH_MS).unref())]);
  await bridge.close();
}

class McpBridge {
  readonly #ports: BridgePorts;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, AbortController>();
  readonly #params = new ParamHeaders();
  #session: Session | undefined;
  /** Text of the client's `initialize`, to open the session again when the gateway has forgotten it. */
  #initialize: string | undefined;
  /** Messages wait for a session that is being opened. */
  #opening: Promise<unknown> = Promise.resolve();
  #listening = false;

  constructor(ports: BridgePorts) {
    this.#ports = ports;
  }

  async take(line: string): Promise<void> {
    const message = readBridgeMessage(line);
    switch (message.kind) {
      case "unreadable":
        return this.#ports.output(errorLine(message.id, PARSE_ERROR, `parse error: ${message.reason}`));
      case "batch":
        await this.#opening;
        return this.#carryBatch(line, message.ids);
      case "answer":
        await this.#opening;
        return this.#carrySilently(line, this.#sessionHeaders());
      case "notification":
        return this.#takeNotification(message, line);
      case "request":
        return isRequest(message) ? this.#takeRequest(message, line) : undefined;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const running of this.#running.values()) running.abort();
    if (this.#session === undefined) return;
    const headers = this.#headers(this.#sessionHeaders());
    await this.#ports
      .fetch(this.#ports.url, { method: "DELETE", headers, signal: AbortSignal.timeout(RETRY_MS) })
      .catch(() => undefined);
  }

  // ---- messages of the client ---------------------------------------------------------------------------------

  async #takeNotification(message: Call, line: string): Promise<void> {
    await this.#opening;
    if (message.method === "notifications/cancelled" && this.#cancel(message)) return;
    await this.#carrySilently(line, this.#headersOf(message));
    if (message.method === "notifications/initialized" && this.#session !== undefined) void this.#listen();
  }

  /** In the modern era a request is cancelled by letting go of its answer. */
  #cancel({ params }: Call): boolean {
    const { requestId } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return false;
    const running = this.#running.get(keyOf(requestId));
    running?.abort();
    return running !== undefined;
  }

  async #takeRequest(request: Request, line: string): Promise<void> {
    await this.#opening;
    if (request.method !== "initialize" || request.era === "modern") return this.#carry(request, line);
    this.#initialize = line;
    const opening = this.#open(line, (text) => this.#ports.output(text), request.id);
    this.#opening = opening.catch(() => undefined);
    await opening;
  }

  async #carryBatch(line: string, ids: readonly RpcId[]): Promise<void> {
    try {
      const response = await this.#post(line, this.#sessionHeaders(), this.#closing.signal);
      if (response.ok) return void (await readMessages(response, newPosition(), (text) => this.#ports.output(text)));
      for (const id of ids) this.#ports.output(await refusalLine(response.clone(), id));
    } catch (error) {
      for (const id of ids) this.#ports.output(unreachableLine(id, this.#ports.url, errorText(error)));
    }
  }

  async #carrySilently(line: string, headers: Readonly<Record<string, string>>): Promise<void> {
    try {
      const response = await this.#post(line, headers, this.#closing.signal);
      await response.body?.cancel();
    } catch {
      // Nobody waits for an answer, and the next request will say what is wrong.
    }
  }

  // ---- one request --------------------------------------------------------------------------------------------

  async #carry(request: Request, line: string): Promise<void> {
    const { id } = request;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
    if (request.era === "modern") this.#running.set(keyOf(id), abort);
    try {
      const response = await this.#postRequest(request, line, signal);
      if (response.ok) await this.#passAnswer(request, response, signal);
      else this.#ports.output(await refusalLine(response, id));
    } catch (error) {
      if (!signal.aborted) this.#ports.output(unreachableLine(id, this.#ports.url, errorText(error)));
    } finally {
      this.#running.delete(keyOf(id));
    }
  }

  /** Once more when the gateway has forgotten the session, or wants to see arguments in headers first. */
  async #postRequest(request: Request, line: string, signal: AbortSignal): Promise<Response> {
    const used = this.#session;
    const response = await this.#post(line, this.#headersOf(request), signal);
    if (response.status === 404 && request.era === "legacy" && used !== undefined && this.#initialize !== undefined) {
      await this.#reopen(this.#initialize, used);
      return this.#post(line, this.#headersOf(request), signal);
    }
    if (response.status !== 400 || request.method !== "tools/call" || request.era !== "modern") return response;
    if (!(await isHeaderMismatch(response.clone()))) return response;
    await this.#params.learn(request, (text, headers) => this.#post(text, headers, signal));
    return this.#post(line, this.#headersOf(request), signal);
  }

  async #passAnswer(request: Request, response: Response, signal: AbortSignal): Promise<void> {
    const position = newPosition();
    const waiting = { for: request.id as RpcId | undefined };
    const pass = (text: string): void => {
      if (waiting.for !== undefined && isAnswerTo(text, waiting.for)) waiting.for = undefined;
      if (request.method === "tools/list") this.#params.see(text);
      this.#ports.output(text);
    };
    await readMessages(response, position, pass);
    for (let resumes = 0; waiting.for !== undefined && resumes < RESUMES_MAX && !signal.aborted; resumes++) {
      const resumed = await this.#resume(position, signal);
      if (resumed === undefined) break;
      await readMessages(resumed, position, pass);
    }
    if (waiting.for !== undefined && !signal.aborted) this.#ports.output(brokenLine(request.id, this.#ports.url));
  }

  /** Only sessions have something to come back to. */
  async #resume(position: StreamPosition, signal: AbortSignal): Promise<Response | undefined> {
    if (this.#session === undefined || position.lastEventId === undefined) return undefined;
    await sleep(position.retryMs, signal);
    try {
      const response = await this.#get({ "last-event-id": position.lastEventId }, signal);
      return response.ok && isEventStream(response) ? response : undefined;
    } catch {
      return undefined;
    }
  }

  // ---- the session --------------------------------------------------------------------------------------------

  async #open(line: string, pass: (text: string) => void, id: RpcId): Promise<void> {
    this.#session = undefined;
    try {
      const response = await this.#post(line, {}, this.#closing.signal);
      if (!response.ok) return pass(await refusalLine(response, id));
      await readMessages(response, newPosition(), (text) => {
        this.#session = sessionOf(response, text) ?? this.#session;
        pass(text);
      });
    } catch (error) {
      pass(unreachableLine(id, this.#ports.url, errorText(error)));
    }
  }

  /** The gateway was restarted: the client need not know. Several requests that notice at once open it once. */
  #reopen(initialize: string, forgotten: Session): Promise<unknown> {
    const reopening = this.#opening.then(async () => {
      if (this.#session !== forgotten) return;
      await this.#open(initialize, () => undefined, 0);
      const initialized = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
      await this.#carrySilently(initialized, this.#sessionHeaders());
    });
    this.#opening = reopening;
    return reopening;
  }

  /** What belongs to no request, for as long as the session lasts. */
  async #listen(): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    const position = newPosition();
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const heard = await this.#hear(position);
      if (heard === "unsupported") return;
      failures = heard === "ended" ? 0 : failures + 1;
      await sleep(Math.min(position.retryMs * 2 ** failures, RETRY_MS_MAX), this.#closing.signal);
    }
  }

  async #hear(position: StreamPosition): Promise<"ended" | "failed" | "unsupported"> {
    try {
      const { lastEventId } = position;
      const response = await this.#get(
        lastEventId === undefined ? {} : { "last-event-id": lastEventId },
        this.#closing.signal,
      );
      if (response.status === 405) return "unsupported";
      if (!response.ok || !isEventStream(response)) {
        // A session that was opened anew begins its own numbering.
        position.lastEventId = undefined;
        await response.body?.cancel();
        return "failed";
      }
      await readMessages(response, position, (text) => this.#ports.output(text));
      return "ended";
    } catch {
      return "failed";
    }
  }

  // ---- HTTP ---------------------------------------------------------------------------------------------------

  #post(text: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const all = this.#headers({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...headers,
    });
    return this.#ports.fetch(this.#ports.url, { method: "POST", headers: all, body: text, signal });
  }

  #get(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const all = this.#headers({ accept: "text/event-stream", ...this.#sessionHeaders(), ...headers });
    return this.#ports.fetch(this.#ports.url, { method: "GET", headers: all, signal });
  }

  #headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const { apiKey } = this.#ports;
    return { ...(apiKey === undefined ? {} : { "x-api-key": apiKey }), ...headers };
  }

  #headersOf(message: Call): Readonly<Record<string, string>> {
    if (message.era === "legacy") return this.#sessionHeaders();
    const version = claimOf(message.params);
    return {
      "mcp-protocol-version": typeof version === "string" ? version : "",
      "mcp-method": message.method,
      ...nameHeaders(message.method, message.params),
      ...this.#params.headersFor(message.method, message.params),
    };
  }

  #sessionHeaders(): Readonly<Record<string, string>> {
    if (this.#session === undefined) return {};
    return { "mcp-session-id": this.#session.id, "mcp-protocol-version": this.#session.version };
  }
}

function newPosition(): StreamPosition {
  return { lastEventId: undefined, retryMs: RETRY_MS };
}

function isRequest(message: Call): message is Request {
  return message.id !== undefined;
}

/** Two ids are one request only if their types agree. */
function keyOf(id: RpcId): string {
  return `${typeof id} ${id}`;
}

async function isHeaderMismatch(response: Response): Promise<boolean> {
  try {
    const { error } = JSON.parse(await response.text());
    return error?.code === HEADER_MISMATCH;
  } catch {
    return false;
  }
}

function isAnswerTo(text: string, id: RpcId): boolean {
  try {
    const message = JSON.parse(text);
    return message.method === undefined && (message.id === id || message.id === null);
  } catch {
    return false;
  }
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

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
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

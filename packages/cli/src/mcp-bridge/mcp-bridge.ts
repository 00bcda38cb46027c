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
import { type GatewayPorts, GatewaySession, type Headers, newPosition, sleep } from "./gateway-session.ts";
import { nameHeaders, ParamHeaders } from "./modern-headers.ts";
import { readLines } from "./read-lines.ts";

export interface BridgePorts extends GatewayPorts {
  readonly input: AsyncIterable<Uint8Array>;
  /** One message, without line end. */
  readonly output: (line: string) => void;
  /** For people, on standard error. */
  readonly log: (text: string) => void;
}

/** Times a broken stream is taken up again before its request is given up. */
const RESUMES_MAX = 5;
/** After the client has closed its end, running requests may still finish within this. */
const FINISH_MS = 5_000;
const PARSE_ERROR = -32700;
const HEADER_MISMATCH = -32020;

type Call = Extract<BridgeMessage, { kind: "request" | "notification" }>;
type Request = Call & { readonly id: RpcId };

/** Resolves when the client has closed its end and what was running has ended. */
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
  readonly #output: (line: string) => void;
  readonly #gateway: GatewaySession;
  readonly #running = new Map<string, AbortController>();
  readonly #params = new ParamHeaders();

  constructor(ports: BridgePorts) {
    this.#output = ports.output;
    this.#gateway = new GatewaySession(ports);
  }

  async take(line: string): Promise<void> {
    const message = readBridgeMessage(line);
    if (message.kind === "unreadable") {
      return this.#output(errorLine(message.id, PARSE_ERROR, `parse error: ${message.reason}`));
    }
    await this.#gateway.ready();
    if (message.kind === "batch") return this.#carryBatch(line, message.ids);
    if (message.kind === "answer") return this.#gateway.sendSilently(line, this.#gateway.headers());
    if (!isRequest(message)) return this.#takeNotification(message, line);
    if (message.method === "initialize" && message.era === "legacy") {
      return this.#gateway.open(line, message.id, this.#output);
    }
    return this.#carry(message, line);
  }

  async close(): Promise<void> {
    for (const running of this.#running.values()) running.abort();
    await this.#gateway.close();
  }

  async #takeNotification(message: Call, line: string): Promise<void> {
    if (message.method === "notifications/cancelled" && this.#cancel(message)) return;
    await this.#gateway.sendSilently(line, this.#headersOf(message));
    if (message.method === "notifications/initialized") void this.#gateway.listen(this.#output);
  }

  /** In the modern era a request is cancelled by letting go of its answer. */
  #cancel({ params }: Call): boolean {
    const { requestId } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return false;
    const running = this.#running.get(keyOf(requestId));
    running?.abort();
    return running !== undefined;
  }

  async #carryBatch(line: string, ids: readonly RpcId[]): Promise<void> {
    const gateway = this.#gateway;
    try {
      const response = await gateway.post(line, gateway.headers(), gateway.signal);
      if (response.ok) return void (await readMessages(response, newPosition(), this.#output));
      for (const id of ids) this.#output(await refusalLine(response.clone(), id));
    } catch (error) {
      for (const id of ids) this.#output(unreachableLine(id, gateway.url, errorText(error)));
    }
  }

  async #carry(request: Request, line: string): Promise<void> {
    const { id } = request;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#gateway.signal]);
    if (request.era === "modern") this.#running.set(keyOf(id), abort);
    try {
      const response = await this.#post(request, line, signal);
      if (response.ok) await this.#passAnswer(request, response, signal);
      else this.#output(await refusalLine(response, id));
    } catch (error) {
      if (!signal.aborted) this.#output(unreachableLine(id, this.#gateway.url, errorText(error)));
    } finally {
      this.#running.delete(keyOf(id));
    }
  }

  /** Once more when the gateway has forgotten the session, or wants to see arguments in headers first. */
  async #post(request: Request, line: string, signal: AbortSignal): Promise<Response> {
    const gateway = this.#gateway;
    const used = gateway.current();
    const response = await gateway.post(line, this.#headersOf(request), signal);
    if (response.status === 404 && request.era === "legacy" && used !== undefined) {
      await gateway.reopen(used);
      return gateway.post(line, this.#headersOf(request), signal);
    }
    const mayMissHeader = response.status === 400 && request.method === "tools/call" && request.era === "modern";
    if (!mayMissHeader || !(await isHeaderMismatch(response.clone()))) return response;
    await this.#params.learn(request, (text, headers) => gateway.post(text, headers, signal));
    return gateway.post(line, this.#headersOf(request), signal);
  }

  async #passAnswer(request: Request, response: Response, signal: AbortSignal): Promise<void> {
    const position = newPosition();
    let isAnswered = false;
    const pass = (text: string): void => {
      isAnswered ||= isAnswerTo(text, request.id);
      if (request.method === "tools/list") this.#params.see(text);
      this.#output(text);
    };
    await readMessages(response, position, pass);
    for (let resumes = 0; !isAnswered && resumes < RESUMES_MAX && !signal.aborted; resumes++) {
      const resumed = await this.#resume(position, signal);
      if (resumed === undefined) break;
      await readMessages(resumed, position, pass);
    }
    if (!isAnswered && !signal.aborted) this.#output(brokenLine(request.id, this.#gateway.url));
  }

  /** Only sessions have something to come back to. */
  async #resume(position: StreamPosition, signal: AbortSignal): Promise<Response | undefined> {
    if (this.#gateway.current() === undefined || position.lastEventId === undefined) return undefined;
    await sleep(position.retryMs, signal);
    try {
      const response = await this.#gateway.get({ "last-event-id": position.lastEventId }, signal);
      return response.ok && isEventStream(response) ? response : undefined;
    } catch {
      return undefined;
    }
  }

  #headersOf(message: Call): Headers {
    if (message.era === "legacy") return this.#gateway.headers();
    const version = claimOf(message.params);
    return {
      "mcp-protocol-version": typeof version === "string" ? version : "",
      "mcp-method": message.method,
      ...nameHeaders(message.method, message.params),
      ...this.#params.headersFor(message.method, message.params),
    };
  }
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
    return JSON.parse(await response.text()).error?.code === HEADER_MISMATCH;
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

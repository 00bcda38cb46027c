/**
 * Streamable HTTP of the modern era (MCP 2026-07-28): every request is its own POST that carries version, client and
 * capabilities in `_meta` and mirrors them in headers. There is no session; closing the response stream cancels.
 */
import { AegisError, type JsonObject, type JsonValue } from "@aegisflow/core";
import { type UpstreamRequest, UpstreamRpcError } from "../upstream.ts";
import { Calls, lostCall, type Transmission } from "./calls.ts";
import {
  asObject,
  asText,
  HEADER_MISMATCH,
  isJsonObject,
  MODERN_VERSION,
  modernMeta,
  type ServerFacts,
} from "./eras.ts";
import { answerKind, feedAnswer, readRefusal, refusalError } from "./http-answers.ts";
import type { HttpConfig, HttpPorts } from "./http-config.ts";
import type { WireRequest } from "./http-wire.ts";
import { type MarkedParam, markedParams, paramHeaders, standardHeaders } from "./param-headers.ts";
import type { SessionEnd, SessionHooks, UpstreamSession } from "./session.ts";
import { watchByListening } from "./watch.ts";

/** Tools whose marked parameters are remembered; a server with more names than this is not listed whole. */
const TOOLS_REMEMBERED_MAX = 10_000;
/** When a server says that headers are missing, its tools are listed once more, up to so many pages. */
const PAGES_MAX = 100;

export class ModernHttp {
  readonly #config: HttpConfig;
  readonly #ports: HttpPorts;
  readonly #hooks: SessionHooks;
  readonly #calls: Calls;
  readonly #marked = new Map<string, readonly MarkedParam[]>();
  readonly #ended = Promise.withResolvers<SessionEnd>();

  constructor(config: HttpConfig, ports: HttpPorts, hooks: SessionHooks) {
    this.#config = config;
    this.#ports = ports;
    this.#hooks = hooks;
    this.#calls = new Calls({
      ...ports,
      name: config.name,
      broadcast: hooks.broadcast,
      // Closing the stream is the cancellation; Calls does it through the signal.
      cancel: () => undefined,
      mayAsk: () => false,
      reply: () => ports.log("warn", "asked a question on a response stream, which this revision forbids; ignored"),
    });
  }

  toSession(facts: ServerFacts): UpstreamSession {
    const watcher = watchByListening(facts, (request) => this.request(request), {
      ...this.#ports,
      broadcast: this.#hooks.broadcast,
    });
    return {
      facts,
      request: (request) => this.request(request),
      // The revision defines no notifications from clients over HTTP.
      notify: async () => undefined,
      watch: (uris) => watcher.watch(uris),
      ended: this.#ended.promise,
      close: async () => watcher.stop(),
    };
  }

  async request(request: UpstreamRequest): Promise<JsonObject> {
    try {
      return await this.#requestOnce(request);
    } catch (error) {
      // Refused before anything ran: the tool's schema is not the one we know.
      const isStale =
        error instanceof UpstreamRpcError && error.code === HEADER_MISMATCH && request.method === "tools/call";
      if (!isStale) throw error;
      await this.#listTools(request);
      return this.#requestOnce(request);
    }
  }

  async #requestOnce(request: UpstreamRequest): Promise<JsonObject> {
    const eraMeta = modernMeta(request.clientCapabilities, request.logLevel);
    const result = await this.#calls.call(request, eraMeta, (transmission) => this.#post(request, transmission));
    return request.method === "tools/list" ? this.#rememberTools(result) : result;
  }

  async #post(request: UpstreamRequest, { id, text, signal }: Transmission): Promise<void> {
    const { name, url } = this.#config;
    const response = await this.#send({
      method: "POST",
      url,
      body: text,
      signal,
      leaseHeaders: request.headers,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": MODERN_VERSION,
        ...standardHeaders(request.method, request.params),
        ...this.#paramHeaders(request),
      },
    });
    if (answerKind(response) === "refused") {
      const refusal = await readRefusal(name, response);
      if (refusal.frame === undefined) throw refusalError(name, refusal);
      // The id may be missing where the server could not read ours.
      this.#calls.receive({ ...refusal.frame, id });
      return;
    }
    await feedAnswer(name, response, this.#calls, { lastEventId: undefined, retryMs: undefined }, id);
    if (this.#calls.isPending(id))
      throw lostCall(`upstream \`${name}\` ended its response without an answer`, request.method);
  }

  async #send(request: WireRequest): ReturnType<HttpPorts["wire"]["send"]> {
    try {
      return await this.#ports.wire.send(request);
    } catch (error) {
      if (error instanceof AegisError && error.code === "upstream-failed" && error.retryable)
        this.#ended.resolve({ error, expired: false });
      throw error;
    }
  }

  #paramHeaders({ method, params, argumentsJson }: UpstreamRequest): Record<string, string> {
    if (method !== "tools/call") return {};
    const marked = this.#marked.get(asText(params["name"]) ?? "") ?? [];
    if (marked.length === 0) return {};
    // INVARIANT: headers mirror what runs, the sealed arguments.
    const args: JsonValue = argumentsJson === undefined ? (params["arguments"] ?? {}) : JSON.parse(argumentsJson);
    return paramHeaders(marked, args);
  }

  /** Drops tools with invalid marks and remembers those of the others. */
  #rememberTools(result: JsonObject): JsonObject {
    const tools = result["tools"];
    if (!Array.isArray(tools)) return result;
    return { ...result, tools: tools.filter((tool: JsonValue) => this.#isOffered(tool)) };
  }

  #isOffered(tool: JsonValue): boolean {
    const name = isJsonObject(tool) ? asText(tool["name"]) : undefined;
    if (name === undefined) return true;
    const marked = markedParams(asObject(tool)?.["inputSchema"]);
    if (marked === undefined)
      this.#ports.log("warn", `tool \`${name}\` has invalid x-mcp-header marks and is not offered`);
    else if (this.#marked.size < TOOLS_REMEMBERED_MAX || this.#marked.has(name)) this.#marked.set(name, marked);
    return marked !== undefined;
  }

  async #listTools(request: UpstreamRequest): Promise<void> {
    const { argumentsJson: _arguments, ...asked } = request;
    let cursor: JsonValue | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const result = await this.#requestOnce({ ...asked, method: "tools/list", params });
      cursor = result["nextCursor"];
      if (cursor === undefined) return;
    }
  }
}

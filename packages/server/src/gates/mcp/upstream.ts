/**
 * One MCP server behind the gateway, whatever its transport and era. The gate asks through this port only;
 * adapters: upstream-stdio.ts, upstream-http.ts (both eras), upstream-sse.ts (legacy HTTP+SSE).
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";

export type UpstreamState = "starting" | "ready" | "backing-off" | "closed";

/** The upstream answered with a JSON-RPC error; passed on to the client as it is. */
export class UpstreamRpcError extends Error {
  override readonly name = "UpstreamRpcError";
  readonly code: number;
  readonly data: JsonValue | undefined;
  constructor(code: number, message: string, data?: JsonValue) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export interface UpstreamRequest {
  readonly method: string;
  /** Parameters without `_meta` reserved keys; the adapter adds what its era needs. */
  readonly params: JsonObject;
  /**
   * For tools/call: RFC 8785 text of the sealed arguments. It is spliced into the message byte for byte in place of
   * `params.arguments`, so that what runs is what was decided.
   */
  readonly argumentsJson?: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** `_meta` entries to pass on: `progressToken`, `traceparent`, `tracestate`, `baggage`, unreserved vendor keys. */
  readonly meta?: JsonObject;
  /** Log level the client asked for on this one request (2026-07-28); a legacy upstream has `logging/setLevel` instead. */
  readonly logLevel?: string;
  /** Extra headers (HTTP) for this one request, from the lease. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client declared it can do; nothing undeclared is ever asked of it. */
  readonly clientCapabilities: JsonObject;
  /** Progress and log notifications that belong to this request, in order. */
  readonly onNotification: (method: string, params: JsonObject) => void;
  /**
   * The upstream asks the client (sampling/createMessage, elicitation/create, roots/list). Legacy upstreams call it
   * mid-request; modern ones answer `input_required`, which the adapter returns as the result unchanged.
   */
  readonly onServerRequest: (method: string, params: JsonObject) => Promise<JsonObject>;
}

export interface Upstream {
  readonly name: string;
  state(): UpstreamState;
  /** `capabilities` of the server as it declared them; empty until ready. */
  capabilities(): JsonObject;
  serverInfo(): JsonObject;
  instructions(): string | undefined;
  /** "modern" = 2026-07-28 stateless, "legacy" = 2025-11-25 and earlier. Known once ready. */
  era(): "modern" | "legacy" | undefined;
  /** Waits for readiness within the timeout. @throws UpstreamRpcError, or AegisError `no-upstream|upstream-failed|timeout|cancelled|too-large`. */
  request(request: UpstreamRequest): Promise<JsonObject>;
  notify(method: string, params: JsonObject): Promise<void>;
  /** Notifications that belong to no request: list_changed, resources/updated, log messages. Returns the unsubscribe. */
  subscribe(listener: (method: string, params: JsonObject) => void): () => void;
  close(): Promise<void>;
}

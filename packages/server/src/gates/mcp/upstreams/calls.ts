/**
 * The calls under way on one upstream connection: who waits for which answer, until when, and to whom progress, logs
 * and the server's own questions belong. Progress tokens are rewritten to the call's id, so that two clients'
 * equal tokens never meet, and restored on the way back.
 * A call ends exactly once: answered, refused, timed out, cancelled, or failed with its connection.
 */
import { AegisError, type JsonObject } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import { type UpstreamRequest, UpstreamRpcError } from "../upstream.ts";
import { CallTimer } from "./call-timer.ts";
import { asObject } from "./eras.ts";
import { encodeRequest, type Frame, type RpcId } from "./frames.ts";
import { answerServerRequest } from "./server-requests.ts";
import type { UpstreamLog } from "./upstream-log.ts";

/** Calls under way on one connection; more means that the upstream does not keep up. */
export const PENDING_MAX = 1024;

const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

export interface CallPorts {
  readonly name: string;
  readonly clock: Clock;
  readonly log: UpstreamLog;
  /** Tells the upstream that nobody waits for this call any more; best effort. */
  readonly cancel: (id: number, reason: string) => void;
  /** Sends an answer to a request of the server's; best effort. */
  readonly reply: (text: string) => void;
  /** Whether the server may ask the client something now: the modern era knows no requests from servers. */
  readonly mayAsk: () => boolean;
  /** A notification that belongs to no call. */
  readonly broadcast: (method: string, params: JsonObject) => void;
}

/** A call as the transport sees it. `signal` aborts as soon as the call is over, however it ended. */
export interface Transmission {
  readonly id: number;
  readonly text: string;
  readonly signal: AbortSignal;
}

/** Brings the text to the server. A throw fails the call. */
export type Transmit = (transmission: Transmission) => Promise<void>;

export interface PendingCall {
  readonly request: UpstreamRequest;
  readonly timer: CallTimer;
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: unknown) => void;
  /** Questions that the server has asked within this call. */
  asked: number;
}

export class Calls {
  readonly #ports: CallPorts;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;

  constructor(ports: CallPorts) {
    this.#ports = ports;
  }

  /** `eraMeta` is what the era adds to `_meta`. */
  async call(request: UpstreamRequest, eraMeta: JsonObject, transmit: Transmit): Promise<JsonObject> {
    const { name, clock } = this.#ports;
    if (request.signal.aborted) throw cancelled(name, request.method);
    if (this.#pending.size >= PENDING_MAX) throw busy(name);
    const id = ++this.#lastId;
    const text = textOf(request, id, eraMeta);
    const over = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const timer = new CallTimer(clock, request.timeoutMs, () => this.#abandon(id, late(name, request), "timeout"));
    const onAbort = (): void => this.#abandon(id, cancelled(name, request.method), "cancelled by the client");
    this.#pending.set(id, { request, timer, resolve, reject, asked: 0 });
    request.signal.addEventListener("abort", onAbort, { once: true });
    transmit({ id, text, signal: over.signal }).catch((error: unknown) => this.fail(id, error));
    try {
      return await promise;
    } finally {
      timer.stop();
      request.signal.removeEventListener("abort", onAbort);
      over.abort();
    }
  }

  /** `relatedId`: the call on whose response stream the frame came, when the transport knows. */
  receive(frame: Frame, relatedId?: number): void {
    switch (frame.kind) {
      case "result":
        this.#take(frame.id)?.resolve(frame.result);
        break;
      case "error":
        this.#take(frame.id ?? relatedId ?? -1)?.reject(new UpstreamRpcError(frame.code, frame.message, frame.data));
        break;
      case "notification":
        this.#route(frame.method, frame.params, relatedId);
        break;
      case "request":
        answerServerRequest(frame, relatedId, this.#pending, this.#ports);
        break;
    }
  }

  isPending(id: number): boolean {
    return this.#pending.has(id);
  }

  /** The only call under way, when there is exactly one; a standing subscription does not count. */
  soleId(): number | undefined {
    const calls = [...this.#pending].filter(([, { request }]) => request.method !== "subscriptions/listen");
    return calls.length === 1 ? calls[0]?.[0] : undefined;
  }

  fail(id: number, error: unknown): void {
    if (this.#pending.has(id)) this.#take(id)?.reject(error);
  }

  failAll(error: (request: UpstreamRequest) => AegisError): void {
    for (const [id, { request }] of this.#pending) this.#take(id)?.reject(error(request));
  }

  #abandon(id: number, error: AegisError, reason: string): void {
    if (!this.#pending.has(id)) return;
    this.#take(id)?.reject(error);
    this.#ports.cancel(id, reason);
  }

  /** Removes the call, so that a second answer finds nobody. */
  #take(id: RpcId): PendingCall | undefined {
    const found = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (found === undefined) this.#ports.log("debug", "answered a call that is over");
    else this.#pending.delete(Number(id));
    return found;
  }

  #route(method: string, params: JsonObject, relatedId: number | undefined): void {
    if (method === "notifications/subscriptions/acknowledged") return;
    if (method === "notifications/progress") {
      this.#routeProgress(params);
      return;
    }
    const owner = isForEverybody(method) ? undefined : this.#pending.get(relatedId ?? this.soleId() ?? -1);
    if (owner === undefined) this.#ports.broadcast(method, withoutSubscriptionId(params));
    else owner.request.onNotification(method, params);
  }

  #routeProgress(params: JsonObject): void {
    const token = params["progressToken"];
    const owner = typeof token === "number" ? this.#pending.get(token) : undefined;
    const clientToken = owner?.request.meta?.["progressToken"];
    if (owner === undefined || clientToken === undefined) return;
    owner.request.onNotification("notifications/progress", { ...params, progressToken: clientToken });
  }
}

function isForEverybody(method: string): boolean {
  return method.endsWith("/list_changed") || method === "notifications/resources/updated";
}

/** It names a subscription of ours; the gate's clients have their own. */
function withoutSubscriptionId(params: JsonObject): JsonObject {
  const meta = asObject(params["_meta"]);
  if (meta === undefined || !Object.hasOwn(meta, SUBSCRIPTION_ID)) return params;
  return { ...params, _meta: Object.fromEntries(Object.entries(meta).filter(([key]) => key !== SUBSCRIPTION_ID)) };
}

function textOf(request: UpstreamRequest, id: number, eraMeta: JsonObject): string {
  const { method, params, argumentsJson } = request;
  const token = request.meta?.["progressToken"] === undefined ? {} : { progressToken: id };
  return encodeRequest({ id, method, params, argumentsJson, meta: { ...request.meta, ...token, ...eraMeta } });
}

function cancelled(name: string, method: string): AegisError {
  return new AegisError("cancelled", `\`${method}\` to upstream \`${name}\` was cancelled`);
}

function busy(name: string): AegisError {
  const message = `upstream \`${name}\` has ${PENDING_MAX} calls under way, try again later`;
  return new AegisError("limit-exceeded", message, { retryable: true });
}

/** Whether a late call took effect is unknown, so a tool call is not offered for a retry. */
function late(name: string, request: UpstreamRequest): AegisError {
  const message = `upstream \`${name}\` did not answer \`${request.method}\` within ${request.timeoutMs} ms`;
  return new AegisError("timeout", message, { retryable: request.method !== "tools/call" });
}

/** A call that was under way may or may not have taken effect; the message says so. */
export function lostCall(reason: string, method: string): AegisError {
  const isToolCall = method === "tools/call";
  const unknown = isToolCall ? " while the call was under way; whether it took effect is unknown" : "";
  return new AegisError("upstream-failed", `${reason}${unknown}`, { retryable: !isToolCall });
}

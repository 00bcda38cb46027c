/**
 * Change notifications of an upstream: list changes and updates of watched resources.
 * Legacy servers send list changes unasked and resources by `resources/subscribe`; modern ones only on an open
 * `subscriptions/listen`, which is opened again with the whole filter whenever the filter changes.
 */
import { AegisError, errorText, type JsonObject } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import { type UpstreamRequest, UpstreamRpcError } from "../upstream.ts";
import { asObject, type ServerFacts } from "./eras.ts";
import type { UpstreamLog } from "./upstream-log.ts";

/** A subscription has no answer to wait for; this only bounds the timer (Node's longest is 2^31-1 ms). */
const LISTEN_MS = 2 ** 31 - 1;
/** A broken subscription is opened again after this, twice as much each time, up to the maximum. */
const LISTEN_AGAIN_MS = 1000;
const LISTEN_AGAIN_MS_MAX = 60_000;
/** Subscribing is a small request; it must not hold up a start. */
const SUBSCRIBE_MS = 10_000;

export interface Watcher {
  watch(uris: ReadonlySet<string>): Promise<void>;
  stop(): void;
}

type Send = (request: UpstreamRequest) => Promise<JsonObject>;

/** After a restart the server has forgotten what was watched. */
export function watchBySubscribing(facts: ServerFacts, send: Send): Watcher {
  const stopped = new AbortController();
  return {
    watch: async (uris) => {
      if (asObject(facts.capabilities["resources"])?.["subscribe"] !== true) return;
      for (const uri of uris) {
        const request = ownRequest("resources/subscribe", { uri }, SUBSCRIBE_MS, stopped.signal);
        // A resource that is gone must not keep the others from being watched.
        await send(request).catch(() => undefined);
      }
    },
    stop: () => stopped.abort(),
  };
}

export interface WatchPorts {
  readonly clock: Clock;
  readonly log: UpstreamLog;
  readonly broadcast: (method: string, params: JsonObject) => void;
}

export function watchByListening(facts: ServerFacts, send: Send, ports: WatchPorts): Watcher {
  let listening = new AbortController();
  const listen = (uris: ReadonlySet<string>): void => {
    listening.abort();
    listening = new AbortController();
    const notifications = filterFor(facts.capabilities, uris);
    if (Object.keys(notifications).length > 0) void keepListening(facts, notifications, send, ports, listening.signal);
  };
  listen(new Set());
  return { watch: async (uris) => listen(uris), stop: () => listening.abort() };
}

/** A subscription that breaks is opened again; what changed meanwhile is unknown, so everything may have. */
async function keepListening(
  facts: ServerFacts,
  notifications: JsonObject,
  send: Send,
  ports: WatchPorts,
  signal: AbortSignal,
): Promise<void> {
  for (let delayMs = LISTEN_AGAIN_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, LISTEN_AGAIN_MS_MAX)) {
    try {
      await send(ownRequest("subscriptions/listen", { notifications }, LISTEN_MS, signal));
    } catch (error) {
      if (signal.aborted) return;
      ports.log("info", `change notifications stopped: ${errorText(error)}`);
      if (error instanceof UpstreamRpcError) return;
    }
    await ports.clock.sleep(delayMs, signal).catch(() => undefined);
    if (!signal.aborted) announceChanges(facts.capabilities, ports.broadcast);
  }
}

/** A server that was away may have become another one. */
export function announceChanges(capabilities: JsonObject, broadcast: WatchPorts["broadcast"]): void {
  for (const list of ["tools", "prompts", "resources"]) {
    if (Object.hasOwn(capabilities, list)) broadcast(`notifications/${list}/list_changed`, {});
  }
}

function filterFor(capabilities: JsonObject, uris: ReadonlySet<string>): JsonObject {
  const changes = (list: string): boolean => asObject(capabilities[list])?.["listChanged"] === true;
  return {
    ...(changes("tools") ? { toolsListChanged: true } : {}),
    ...(changes("prompts") ? { promptsListChanged: true } : {}),
    ...(changes("resources") ? { resourcesListChanged: true } : {}),
    ...(uris.size > 0 ? { resourceSubscriptions: [...uris] } : {}),
  };
}

function ownRequest(method: string, params: JsonObject, timeoutMs: number, signal: AbortSignal): UpstreamRequest {
  return {
    method,
    params,
    timeoutMs,
    signal,
    clientCapabilities: {},
    onNotification: () => undefined,
    onServerRequest: () => Promise.reject(new AegisError("invalid-input", "nobody to ask")),
  };
}

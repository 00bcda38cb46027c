/**
 * `subscriptions/listen` (MCP 2026-07-28): a stream of the change notifications a client asked for and nothing else,
 * each marked with the id of the request that opened it. First the acknowledgement of what will be sent; then it
 * stays open until either side ends it.
 */
import type { JsonObject } from "@aegisflow/core";
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { gatewayCapabilities } from "./capabilities.ts";
import type { Exchange, McpCaller } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { isSameCaller } from "./legacy-sessions.ts";
import { SUBSCRIPTIONS_MAX, watchResource } from "./session-methods.ts";
import { findCaseVariant } from "./wire/case-variants.ts";
import { type EventSink, formatEvent, openEventSink, streamResponse } from "./wire/event-sink.ts";
import { encodeNotification, encodeResult, isJsonObject, textOf } from "./wire/json-rpc.ts";
import { SERVER_INFO_KEY, SUBSCRIPTION_ID_KEY } from "./wire/modern-envelope.ts";
import { invalidParams, RpcError, UPSTREAM_FAILED } from "./wire/rpc-error.ts";

const STREAMS_MAX = 1_024;
const STREAMS_PER_CALLER_MAX = 32;

interface ListenStream {
  readonly exchange: Exchange;
  readonly sink: EventSink;
  readonly methods: ReadonlySet<string>;
  /** Watched resources with the upstream they belong to. */
  readonly resources: ReadonlyMap<string, string>;
}

export interface ListenStreams {
  /** @throws RpcError -32602 for a filter that is none. */
  open(exchange: Exchange, params: JsonObject): Promise<OutboundResponse>;
  /** A list changed. */
  broadcast(method: string): void;
  resourceUpdated(upstreamName: string, params: JsonObject): void;
  /** Ends the streams of callers that may not call any more. */
  closeInvalid(isStillValid: (caller: McpCaller) => boolean): void;
  closeAll(): void;
}

const LISTS = [
  ["toolsListChanged", "tools", "notifications/tools/list_changed"],
  ["promptsListChanged", "prompts", "notifications/prompts/list_changed"],
  ["resourcesListChanged", "resources", "notifications/resources/list_changed"],
] as const;

export function createListenStreams(context: GateContext): ListenStreams {
  const streams = new Set<ListenStream>();
  /** Streams whose upstreams are still being asked: they count already. */
  const opening = new Set<Exchange>();

  const send = ({ sink, exchange }: ListenStream, method: string, params: JsonObject): void => {
    const marked = { ...params, _meta: { [SUBSCRIPTION_ID_KEY]: exchange.id } };
    sink.write(formatEvent({ event: "message", data: encodeNotification(method, marked) }));
  };

  const finish = ({ sink, exchange }: ListenStream): void => {
    const meta = { [SUBSCRIPTION_ID_KEY]: exchange.id, [SERVER_INFO_KEY]: { ...context.identity } };
    sink.write(
      formatEvent({ event: "message", data: encodeResult(exchange.id, { resultType: "complete", _meta: meta }) }),
    );
    sink.end();
  };

  return {
    async open(exchange, params) {
      const variant = findCaseVariant(params, ["notifications", "_meta"]);
      if (variant !== undefined)
        throw invalidParams(`key \`${variant.key}\` reads like \`${variant.known}\`; send one spelling`);
      const filter = params["notifications"];
      if (!isJsonObject(filter)) throw invalidParams("`notifications` must say what to listen for");
      const others = [...[...streams].map((stream) => stream.exchange), ...opening];
      const own = others.filter(({ caller }) => isSameCaller(caller, exchange.caller)).length;
      if (others.length >= STREAMS_MAX || own >= STREAMS_PER_CALLER_MAX) {
        throw new RpcError(UPSTREAM_FAILED, "too many streams listen already; close some of them");
      }
      opening.add(exchange);
      const stream = await openStream(context, exchange, filter).finally(() => opening.delete(exchange));
      streams.add(stream);
      stream.sink.onClosed(() => {
        streams.delete(stream);
        for (const [uri, upstreamName] of stream.resources) context.preferences.unwatch(upstreamName, uri);
      });
      exchange.signal.addEventListener("abort", () => stream.sink.end(), { once: true });
      send(stream, "notifications/subscriptions/acknowledged", { notifications: honoured(stream) });
      if (stream.methods.size === 0 && stream.resources.size === 0) finish(stream);
      return streamResponse(stream.sink);
    },
    broadcast(method) {
      for (const stream of streams) if (stream.methods.has(method)) send(stream, method, {});
    },
    resourceUpdated(upstreamName, params) {
      for (const stream of streams) {
        if (stream.resources.get(textOf(params["uri"])) === upstreamName)
          send(stream, "notifications/resources/updated", params);
      }
    },
    closeInvalid(isStillValid) {
      for (const stream of streams) if (!isStillValid(stream.exchange.caller)) finish(stream);
    },
    closeAll() {
      for (const stream of streams) finish(stream);
    },
  };
}

async function openStream(context: GateContext, exchange: Exchange, filter: JsonObject): Promise<ListenStream> {
  const capabilities = gatewayCapabilities(context.upstreams);
  const methods = LISTS.flatMap(([key, capability, method]) =>
    filter[key] === true && capabilities[capability] !== undefined ? [method] : [],
  );
  const resources = new Map<string, string>();
  for (const uri of wantedResources(filter)) {
    const upstreamName = await tryWatch(context, exchange, uri);
    if (upstreamName !== undefined) resources.set(uri, upstreamName);
  }
  return { exchange, sink: openEventSink(context.sources.clock), methods: new Set(methods), resources };
}

function wantedResources(filter: JsonObject): readonly string[] {
  const { resourceSubscriptions: uris = [] } = filter;
  if (!Array.isArray(uris) || uris.length > SUBSCRIPTIONS_MAX) {
    throw invalidParams(`\`resourceSubscriptions\` must be a list of at most ${SUBSCRIPTIONS_MAX} URIs`);
  }
  return [...new Set(uris.filter((uri) => typeof uri === "string"))];
}

/** What cannot be watched is left out of the acknowledgement. */
async function tryWatch(context: GateContext, exchange: Exchange, uri: string): Promise<string | undefined> {
  try {
    return await watchResource(context, exchange, uri);
  } catch {
    return undefined;
  }
}

function honoured({ methods, resources }: ListenStream): JsonObject {
  const lists = LISTS.filter(([, , method]) => methods.has(method)).map(([key]) => [key, true] as const);
  return {
    ...Object.fromEntries(lists),
    ...(resources.size === 0 ? {} : { resourceSubscriptions: [...resources.keys()] }),
  };
}

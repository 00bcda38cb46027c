/**
 * What both transports of the legacy era do with a message once it is theirs: requests are served with a link to
 * the client, notifications cancel, answers reach the question they belong to.
 */
import type { JsonObject } from "@aegisflow/core";
import { askClient } from "./ask-client.ts";
import type { ClientLink, Exchange, McpCaller } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { callerSid, IN_FLIGHT_MAX, type LegacySession } from "./legacy-sessions.ts";
import { isLogLevel } from "./log-levels.ts";
import { serveRequest } from "./serve-request.ts";
import { shapeResult } from "./shape-result.ts";
import {
  encodeError,
  encodeNotification,
  encodeResult,
  idKey,
  isJsonObject,
  type RpcAnswer,
  type RpcNotification,
  type RpcRequest,
} from "./wire/json-rpc.ts";
import { withoutReserved } from "./wire/modern-envelope.ts";
import { INVALID_REQUEST, RpcError, toErrorObject, toRpcError, UPSTREAM_FAILED } from "./wire/rpc-error.ts";

/** Who sent the request, and with which session if it has one. */
export interface LegacyPeer {
  readonly caller: McpCaller;
  readonly session: LegacySession | undefined;
  readonly version: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** How much a legacy client without a preference hears from upstreams that must be told one. */
const UNSAID_LOG_LEVEL = "info";

/** The text of the answer, and the HTTP status it has where nothing was streamed before it. Never throws. */
export async function serveLegacyRequest(
  context: GateContext,
  peer: LegacyPeer,
  request: RpcRequest,
  send: (message: string) => boolean,
  gone: AbortSignal,
): Promise<string> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort(gone.reason);
  gone.addEventListener("abort", cancel, { once: true });
  if (gone.aborted) cancel();
  const key = idKey(request.id);
  try {
    beginRequest(peer.session, key, abort);
    const exchange = toExchange(context, peer, request, send, abort.signal);
    const result = await serveRequest(context, exchange, request.method, request.params);
    return encodeResult(request.id, shapeResult("legacy", request.method, result, {}));
  } catch (error) {
    return encodeError(request.id, toErrorObject(toRpcError(error)));
  } finally {
    gone.removeEventListener("abort", cancel);
    if (peer.session?.inFlight.get(key) === abort) peer.session.inFlight.delete(key);
  }
}

export function takeNotification(session: LegacySession | undefined, { method, params }: RpcNotification): void {
  if (method !== "notifications/cancelled" || session === undefined) return;
  const { requestId } = params;
  if (typeof requestId !== "string" && typeof requestId !== "number") return;
  session.inFlight.get(idKey(requestId))?.abort(new RpcError(UPSTREAM_FAILED, "cancelled by the client"));
}

/** An answer nobody waits for any more is dropped. */
export function takeAnswer(session: LegacySession | undefined, answer: RpcAnswer): void {
  if (typeof answer.id === "string") session?.questions.get(answer.id)?.(answer);
}

function beginRequest(session: LegacySession | undefined, key: string, abort: AbortController): void {
  if (session === undefined) return;
  if (session.inFlight.has(key)) throw new RpcError(INVALID_REQUEST, "a request with this id is still running");
  if (session.inFlight.size >= IN_FLIGHT_MAX) {
    throw new RpcError(
      UPSTREAM_FAILED,
      `at most ${IN_FLIGHT_MAX} requests of one session run at once; wait for some of them`,
    );
  }
  session.inFlight.set(key, abort);
}

function toExchange(
  context: GateContext,
  peer: LegacyPeer,
  request: RpcRequest,
  send: (message: string) => boolean,
  signal: AbortSignal,
): Exchange {
  const { caller, session } = peer;
  const meta = request.params["_meta"];
  const level = session?.state.logLevel;
  return {
    id: request.id,
    caller,
    actor: {
      type: "agent",
      id: caller.id,
      session_id: session?.evidenceSid ?? callerSid(caller),
      tenant_id: caller.tenant,
    },
    era: "legacy",
    version: peer.version,
    // Without a session there is no way back to the client.
    clientCapabilities: session?.clientCapabilities ?? {},
    logLevel: isLogLevel(level) ? level : UNSAID_LOG_LEVEL,
    meta: isJsonObject(meta) ? withoutReserved(meta) : {},
    headers: peer.headers,
    link: legacyLink(context, session, send),
    session: session?.state,
    signal,
  };
}

function legacyLink(
  context: GateContext,
  session: LegacySession | undefined,
  send: (message: string) => boolean,
): ClientLink {
  return {
    notify: (method: string, params: JsonObject) => void send(encodeNotification(method, params)),
    ask(method, params, signal) {
      const questions = session?.questions ?? new Map<string, (answer: RpcAnswer) => void>();
      return askClient({ ids: context.sources.ids, questions, send }, method, params, signal);
    },
  };
}

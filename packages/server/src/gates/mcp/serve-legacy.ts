/**
 * Streamable HTTP of 2025-03-26 to 2025-11-25: POST carries messages, GET opens the stream for what belongs to no
 * request or resumes a broken one, DELETE ends the session. Also serves single requests without a session, as the
 * reference product's clients send them; those cannot be asked anything back.
 */
import { AegisError, type JsonObject } from "@aegisflow/core";
import type { InboundRequest, OutboundResponse } from "../../runtime/runtime.ts";
import { gatewayCapabilities, gatewayInstructions, waitForUpstreams } from "./capabilities.ts";
import type { McpCaller } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { type LegacyPeer, serveLegacyRequest, takeAnswer, takeNotification } from "./legacy-exchange.ts";
import type { LegacySession, LegacySessions } from "./legacy-sessions.ts";
import { type Accepted, readAccept } from "./wire/accept.ts";
import { findCaseVariant } from "./wire/case-variants.ts";
import { createEventLog, type EventLog } from "./wire/event-log.ts";
import { streamResponse } from "./wire/event-sink.ts";
import { encodeResult, isJsonObject, type RpcBody, type RpcMessage, type RpcRequest } from "./wire/json-rpc.ts";
import { JSON_HEADERS, openReply, type Reply } from "./wire/reply.ts";
import { INVALID_PARAMS, INVALID_REQUEST, RpcError } from "./wire/rpc-error.ts";
import { allowsBatches, LEGACY_VERSIONS, negotiateVersion, UNSAID_VERSION } from "./wire/versions.ts";

const SESSION_HEADER = "mcp-session-id";

export interface LegacyServer {
  post(request: InboundRequest, caller: McpCaller, body: RpcBody): Promise<OutboundResponse>;
  get(request: InboundRequest, caller: McpCaller): OutboundResponse;
  delete(request: InboundRequest, caller: McpCaller): OutboundResponse;
}

export function createLegacyServer(context: GateContext, sessions: LegacySessions): LegacyServer {
  const logs = new WeakMap<LegacySession, EventLog>();

  const peerOf = (request: InboundRequest, caller: McpCaller): LegacyPeer => {
    const { headers } = request;
    const said = headers.get("mcp-protocol-version")?.trim();
    if (said !== undefined && !LEGACY_VERSIONS.includes(said)) {
      throw new RpcError(
        INVALID_REQUEST,
        `protocol version ${said.slice(0, 40)} is not supported; use ${LEGACY_VERSIONS.join(", ")}`,
        { status: 400 },
      );
    }
    const id = headers.get(SESSION_HEADER);
    if (id === undefined) return { caller, session: undefined, version: said ?? UNSAID_VERSION, headers };
    const session = sessions.find(id, caller);
    if (session === undefined) throw unknownSession();
    return { caller, session, version: session.version, headers };
  };

  const initialize = async (
    request: InboundRequest,
    caller: McpCaller,
    message: RpcRequest,
  ): Promise<OutboundResponse> => {
    const { version, clientCapabilities } = readInitialize(message.params);
    await waitForUpstreams(context.upstreams, context.sources.clock, request.signal);
    const log = createEventLog(context.sources.clock, version >= "2025-11-25");
    const session = sessions.open(caller, {
      version,
      clientCapabilities,
      announce: log.announce,
      isConnected: log.isAttached,
      closeStreams: log.close,
    });
    logs.set(session, log);
    const reply = openReply({
      accepted: acceptedBy(request),
      clock: context.sources.clock,
      headers: { [SESSION_HEADER]: session.id },
    });
    reply.finish(encodeResult(message.id, initializeResult(context, version)));
    return reply.response;
  };

  return {
    post(request, caller, body) {
      const peer = peerOf(request, caller);
      if (body.kind === "batch") return serveBatch(context, request, peer, body.messages, logs);
      const { message } = body;
      if (message.kind !== "request") {
        takeOneWay(peer.session, message);
        return Promise.resolve(accepted());
      }
      if (message.method !== "initialize") return serveOne(context, request, peer, message, logs);
      if (peer.session !== undefined)
        throw new RpcError(INVALID_REQUEST, "this session is initialised already", { status: 400 });
      return initialize(request, caller, message);
    },
    get(request, caller) {
      const { session } = peerOf(request, caller);
      const log = session === undefined ? undefined : logs.get(session);
      if (log === undefined)
        throw new RpcError(INVALID_REQUEST, "open a session with initialize first and send its Mcp-Session-Id", {
          status: 400,
        });
      if (!readAccept(request.headers.get("accept")).stream) throw notAcceptable();
      const lastEventId = request.headers.get("last-event-id");
      const sink = lastEventId === undefined ? log.listen() : log.resume(lastEventId);
      if (sink === undefined)
        throw new RpcError(INVALID_REQUEST, "Last-Event-ID is unknown or too old; ask again", { status: 400 });
      request.signal.addEventListener("abort", () => sink.end(), { once: true });
      return streamResponse(sink);
    },
    delete(request, caller) {
      const { session } = peerOf(request, caller);
      if (session === undefined)
        throw new RpcError(INVALID_REQUEST, "say which session with Mcp-Session-Id", { status: 400 });
      sessions.close(session);
      return { status: 204, headers: {}, body: null };
    },
  };
}

function serveOne(
  context: GateContext,
  request: InboundRequest,
  peer: LegacyPeer,
  message: RpcRequest,
  logs: WeakMap<LegacySession, EventLog>,
): Promise<OutboundResponse> {
  const freeSlot = context.slots.take(peer.caller);
  const { reply, gone } = openLegacyReply(context, request, peer, logs);
  void serveLegacyRequest(context, peer, message, reply.send, gone).then(reply.finish).finally(freeSlot);
  return reply.response;
}

async function serveBatch(
  context: GateContext,
  request: InboundRequest,
  peer: LegacyPeer,
  messages: readonly RpcMessage[],
  logs: WeakMap<LegacySession, EventLog>,
): Promise<OutboundResponse> {
  if (!allowsBatches(peer.version)) {
    throw new RpcError(
      INVALID_REQUEST,
      `protocol version ${peer.version} has no batches; send one message per request`,
      { status: 400 },
    );
  }
  const requests: RpcRequest[] = [];
  for (const message of messages) {
    if (message.kind === "request") requests.push(message);
    else takeOneWay(peer.session, message);
  }
  if (requests.some(({ method }) => method === "initialize")) {
    throw new RpcError(INVALID_REQUEST, "initialize must be sent alone", { status: 400 });
  }
  if (requests.length === 0) return accepted();
  const freeSlot = context.slots.take(peer.caller, requests.length);
  const { reply, gone } = openLegacyReply(context, request, peer, logs);
  const answers = requests.map((message) => serveLegacyRequest(context, peer, message, reply.send, gone));
  void Promise.all(answers).then(reply.finish).finally(freeSlot);
  return reply.response;
}

/** A broken connection is no cancellation when the client can come back for the rest; otherwise it is. */
function openLegacyReply(
  context: GateContext,
  request: InboundRequest,
  peer: LegacyPeer,
  logs: WeakMap<LegacySession, EventLog>,
): { readonly reply: Reply; readonly gone: AbortSignal } {
  const { clock } = context.sources;
  const log = peer.session === undefined ? undefined : logs.get(peer.session);
  const gone = new AbortController();
  const reply = openReply({
    accepted: acceptedBy(request),
    clock,
    ...(log === undefined ? {} : { openStream: () => log.openStream() }),
  });
  request.signal.addEventListener(
    "abort",
    () => {
      if (log === undefined || !reply.isStream()) gone.abort(new AegisError("cancelled", "the client went away"));
    },
    { once: true },
  );
  return { reply, gone: gone.signal };
}

function takeOneWay(session: LegacySession | undefined, message: Exclude<RpcMessage, RpcRequest>): void {
  if (message.kind === "answer") takeAnswer(session, message);
  else takeNotification(session, message);
}

const INITIALIZE_KEYS = ["protocolVersion", "capabilities", "clientInfo", "_meta"];

export function readInitialize(params: JsonObject): {
  readonly version: string;
  readonly clientCapabilities: JsonObject;
} {
  const variant = findCaseVariant(params, INITIALIZE_KEYS);
  const { protocolVersion, capabilities = {} } = params;
  if (variant !== undefined || typeof protocolVersion !== "string" || !isJsonObject(capabilities)) {
    throw new RpcError(INVALID_PARAMS, "initialize needs `protocolVersion` and `capabilities`", { status: 400 });
  }
  return { version: negotiateVersion(protocolVersion), clientCapabilities: capabilities };
}

export function initializeResult(context: GateContext, version: string): JsonObject {
  const instructions = gatewayInstructions(context.upstreams);
  return {
    protocolVersion: version,
    capabilities: gatewayCapabilities(context.upstreams),
    serverInfo: { ...context.identity },
    ...(instructions === undefined ? {} : { instructions }),
  };
}

export function acceptedBy(request: InboundRequest): Accepted {
  const accept = readAccept(request.headers.get("accept"));
  if (!accept.json && !accept.stream) throw notAcceptable();
  return accept;
}

/** Notifications and answers are taken without an answer. */
export function accepted(): OutboundResponse {
  return { status: 202, headers: { ...JSON_HEADERS }, body: null };
}

function notAcceptable(): RpcError {
  return new RpcError(INVALID_REQUEST, "accept application/json and text/event-stream", { status: 406 });
}

function unknownSession(): RpcError {
  return new RpcError(INVALID_REQUEST, "no such session; begin again with initialize", { status: 404 });
}

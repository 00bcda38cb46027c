/**
 * HTTP+SSE, the transport of 2024-11-05: `GET /sse` opens the session and its only stream, messages are POSTed to
 * the path it names and answered 202, every answer comes on the stream. The stream is the session: when it ends,
 * so does everything that was running.
 */
import { AegisError } from "@aegisflow/core";
import type { InboundRequest, OutboundResponse } from "../../runtime/runtime.ts";
import { waitForUpstreams } from "./capabilities.ts";
import type { McpCaller } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { type LegacyPeer, serveLegacyRequest, takeAnswer, takeNotification } from "./legacy-exchange.ts";
import type { LegacySession, LegacySessions } from "./legacy-sessions.ts";
import { accepted, initializeResult, readInitialize } from "./serve-legacy.ts";
import { formatEvent, openEventSink, streamResponse } from "./wire/event-sink.ts";
import { encodeError, encodeResult, type RpcBody, type RpcMessage, type RpcRequest } from "./wire/json-rpc.ts";
import { INVALID_REQUEST, RpcError, toErrorObject, toRpcError } from "./wire/rpc-error.ts";
import { allowsBatches } from "./wire/versions.ts";

export interface SseServer {
  open(request: InboundRequest, caller: McpCaller): OutboundResponse;
  post(request: InboundRequest, caller: McpCaller, sessionId: string, body: RpcBody): OutboundResponse;
}

interface SseStream {
  readonly send: (message: string) => boolean;
  readonly gone: AbortSignal;
}

/** Until `initialize` says which. */
const FIRST_VERSION = "2024-11-05";

export function createSseServer(context: GateContext, sessions: LegacySessions): SseServer {
  const streams = new WeakMap<LegacySession, SseStream>();
  const { clock } = context.sources;

  const answer = async (
    session: LegacySession,
    stream: SseStream,
    request: RpcRequest,
    headers: LegacyPeer["headers"],
  ): Promise<void> => {
    const { caller, version } = session;
    if (request.method !== "initialize") {
      const peer: LegacyPeer = { caller, session, version, headers };
      stream.send(await serveLegacyRequest(context, peer, request, stream.send, stream.gone));
      return;
    }
    try {
      const negotiated = readInitialize(request.params);
      await waitForUpstreams(context.upstreams, clock, stream.gone);
      session.version = negotiated.version;
      session.clientCapabilities = negotiated.clientCapabilities;
      stream.send(encodeResult(request.id, initializeResult(context, negotiated.version)));
    } catch (error) {
      stream.send(encodeError(request.id, toErrorObject(toRpcError(error))));
    }
  };

  return {
    open(request, caller) {
      const sink = openEventSink(clock);
      const gone = new AbortController();
      const send = (message: string): boolean => sink.write(formatEvent({ event: "message", data: message }));
      const session = sessions.open(caller, {
        version: FIRST_VERSION,
        clientCapabilities: {},
        announce: send,
        isConnected: sink.isOpen,
        closeStreams: () => sink.end(),
      });
      streams.set(session, { send, gone: gone.signal });
      sink.onClosed(() => {
        gone.abort(new AegisError("cancelled", "the client went away"));
        sessions.close(session);
      });
      request.signal.addEventListener("abort", () => sink.end(), { once: true });
      sink.write(formatEvent({ event: "endpoint", data: `/mcp/session/${session.id}` }));
      return streamResponse(sink);
    },
    post(request, caller, sessionId, body) {
      const session = sessions.find(sessionId, caller);
      const stream = session === undefined ? undefined : streams.get(session);
      if (session === undefined || stream === undefined) {
        throw new RpcError(INVALID_REQUEST, "session not found; open it again with GET /sse", { status: 404 });
      }
      const messages = body.kind === "single" ? [body.message] : body.messages;
      if (body.kind === "batch" && !allowsBatches(session.version)) {
        const message = `protocol version ${session.version} has no batches; send one message at a time`;
        throw new RpcError(INVALID_REQUEST, message, { status: 400 });
      }
      const asks = messages.filter(({ kind }) => kind === "request").length;
      const freeSlots = context.slots.take(caller, asks);
      const answers: Promise<void>[] = [];
      for (const message of messages) {
        deliver(message, session, (asked) => answers.push(answer(session, stream, asked, request.headers)));
      }
      void Promise.all(answers).finally(freeSlots);
      return accepted();
    },
  };
}

function deliver(message: RpcMessage, session: LegacySession, answer: (request: RpcRequest) => void): void {
  if (message.kind === "request") answer(message);
  else if (message.kind === "notification") takeNotification(session, message);
  else takeAnswer(session, message);
}

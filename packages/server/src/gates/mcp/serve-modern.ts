/**
 * Streamable HTTP of 2026-07-28: POST only, no sessions, everything about a request in the request. Closing the
 * response stream cancels. What a legacy upstream wants to ask the client in the middle of a call becomes
 * `input_required`, and the call goes on when the client comes back (suspended-calls.ts).
 */
import { createHash } from "node:crypto";
import { isAegisError, type JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { ERROR_TABLE } from "../../http/error-response.ts";
import type { InboundRequest, OutboundResponse } from "../../runtime/runtime.ts";
import { waitForUpstreams } from "./capabilities.ts";
import type { Exchange, McpCaller } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { callerSid } from "./legacy-sessions.ts";
import type { ListenStreams } from "./listen-streams.ts";
import { accepted, acceptedBy } from "./serve-legacy.ts";
import { mayAskClient, serveRequest } from "./serve-request.ts";
import { shapeResult } from "./shape-result.ts";
import {
  type Attached,
  type CallStep,
  type Question,
  SUSPENDED_MS_MAX,
  type SuspendedCalls,
} from "./suspended-calls.ts";
import {
  encodeError,
  encodeNotification,
  encodeResult,
  isJsonObject,
  type RpcMessage,
  type RpcRequest,
  textOf,
} from "./wire/json-rpc.ts";
import { type ModernEnvelope, readModernEnvelope } from "./wire/modern-envelope.ts";
import { jsonReply, openReply, type Reply } from "./wire/reply.ts";
import {
  INVALID_REQUEST,
  invalidParams,
  METHOD_NOT_FOUND,
  RpcError,
  toErrorObject,
  toRpcError,
} from "./wire/rpc-error.ts";

const PURPOSE = "mcp-suspended-call";

export interface ModernServer {
  post(request: InboundRequest, caller: McpCaller, message: RpcMessage): Promise<OutboundResponse>;
}

export function createModernServer(
  context: GateContext,
  suspended: SuspendedCalls,
  listening: ListenStreams,
): ModernServer {
  return {
    async post(request, caller, message) {
      if (message.kind === "answer")
        throw new RpcError(INVALID_REQUEST, "answers are sent as `inputResponses`", { status: 400 });
      // The one notification clients have, cancellation, is closing the stream in this transport.
      if (message.kind === "notification") return accepted();
      const acceptedTypes = acceptedBy(request);
      try {
        const envelope = readModernEnvelope(message, request.headers);
        if (message.method === "subscriptions/listen") {
          return await listening.open(
            toExchange(request, caller, message, envelope, () => false),
            message.params,
          );
        }
        if (message.method === "server/discover")
          await waitForUpstreams(context.upstreams, context.sources.clock, request.signal);
        const freeSlot = context.slots.take(caller);
        const reply = openReply({ accepted: acceptedTypes, clock: context.sources.clock });
        const exchange = toExchange(request, caller, message, envelope, reply.send);
        void answer(context, suspended, exchange, message, reply).finally(freeSlot);
        return await reply.response;
      } catch (error) {
        const known = toRpcError(error);
        const status = isAegisError(error) ? ERROR_TABLE[error.code].status : known.status;
        return jsonReply(encodeError(message.id, toErrorObject(known)), status);
      }
    },
  };
}

async function answer(
  context: GateContext,
  suspended: SuspendedCalls,
  exchange: Exchange,
  request: RpcRequest,
  reply: Reply,
): Promise<void> {
  const { method, params } = request;
  try {
    const result = mayAskClient(method)
      ? toResult(context, exchange, await stepCall(context, suspended, exchange, request))
      : await serveRequest(context, exchange, method, params);
    reply.finish(encodeResult(request.id, shapeResult("modern", method, result, { ...context.identity })));
  } catch (error) {
    const known = toRpcError(error);
    reply.finish(encodeError(request.id, toErrorObject(known)), known.status);
  }
}

function toExchange(
  request: InboundRequest,
  caller: McpCaller,
  message: RpcRequest,
  envelope: ModernEnvelope,
  send: (message: string) => boolean,
): Exchange {
  return {
    id: message.id,
    caller,
    actor: { type: "agent", id: caller.id, session_id: callerSid(caller), tenant_id: caller.tenant },
    era: "modern",
    version: envelope.version,
    clientCapabilities: envelope.clientCapabilities,
    logLevel: envelope.logLevel,
    meta: envelope.meta,
    headers: request.headers,
    link: {
      notify: (method, params) => void send(encodeNotification(method, params)),
      ask: () => Promise.reject(new RpcError(METHOD_NOT_FOUND, "nothing can be asked during this request")),
    },
    session: undefined,
    signal: request.signal,
  };
}

/** Starts the call, or goes on with the one that waits for these answers. */
function stepCall(
  context: GateContext,
  suspended: SuspendedCalls,
  exchange: Exchange,
  request: RpcRequest,
): Promise<CallStep> {
  const { method, params } = request;
  const attached: Attached = { notify: exchange.link.notify, signal: exchange.signal };
  const fingerprint = callFingerprint(request);
  const state = params["requestState"];
  const resumed = typeof state === "string" ? context.sealer.open(PURPOSE, state) : undefined;
  if (resumed === undefined) {
    return suspended.start(
      exchange.caller,
      fingerprint,
      (link, signal) => serveRequest(context, { ...exchange, link, signal }, method, params),
      attached,
    );
  }
  const { inputResponses = {} } = params;
  if (!isJsonObject(inputResponses)) throw invalidParams("`inputResponses` must be an object");
  return suspended.resume(exchange.caller, textOf(resumed["call"]), fingerprint, inputResponses, attached);
}

/** Which call it is, whatever its id and answers: the retry must be this very one. */
function callFingerprint({ method, params }: RpcRequest): string {
  const { name, uri, arguments: args } = params;
  return createHash("sha256")
    .update(canonicalJson([method, name ?? uri ?? null, args ?? {}]))
    .digest("hex");
}

function toResult(context: GateContext, exchange: Exchange, step: CallStep): JsonObject {
  if (step.kind === "done") return step.result;
  const content = {
    call: step.callId,
    principal: exchange.caller.id,
    tenant: exchange.caller.tenant,
    expires_at_ms: context.sources.clock.nowMs() + SUSPENDED_MS_MAX,
  };
  return {
    resultType: "input_required",
    inputRequests: Object.fromEntries([...step.questions].map(([key, question]) => [key, toModernQuestion(question)])),
    requestState: context.sealer.seal(PURPOSE, content),
  };
}

/** Elicitation ids and request metadata are words of the legacy era. */
function toModernQuestion({ method, params }: Question): JsonObject {
  const { elicitationId: _id, _meta, ...rest } = params;
  return { method, params: rest };
}

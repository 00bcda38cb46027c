/**
 * A server's own questions to a client: sampling, elicitation, roots (legacy upstreams only; modern ones answer
 * `input_required` instead). A question goes to the client of the call it belongs to, never to another:
 * by response stream where there is one, else only when a single call is under way.
 * INVARIANT: nothing is asked of a client that did not declare that it can answer.
 */
import { errorText, isAegisError, type JsonObject } from "@aegisflow/core";
import { UpstreamRpcError } from "../upstream.ts";
import type { CallPorts, PendingCall } from "./calls.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from "./eras.ts";
import { encodeError, encodeResult, type Frame } from "./frames.ts";

/** One call may lead a conversation, but not an endless one. */
const QUESTIONS_PER_CALL_MAX = 64;

const CAPABILITY_OF: ReadonlyMap<string, string> = new Map([
  ["sampling/createMessage", "sampling"],
  ["elicitation/create", "elicitation"],
  ["roots/list", "roots"],
]);

type ServerRequest = Extract<Frame, { kind: "request" }>;

export function answerServerRequest(
  frame: ServerRequest,
  relatedId: number | undefined,
  pending: ReadonlyMap<number, PendingCall>,
  ports: CallPorts,
): void {
  const capability = ports.mayAsk() ? CAPABILITY_OF.get(frame.method) : undefined;
  if (capability === undefined) {
    ports.reply(
      frame.method === "ping" ? encodeResult(frame.id, {}) : refusal(frame, METHOD_NOT_FOUND, "method not found"),
    );
    return;
  }
  const owner = relatedId === undefined ? soleCandidate(pending, capability) : pending.get(relatedId);
  const answer = owner === undefined ? answerUnowned(frame, ports) : answerBeforeAsking(owner, frame, capability);
  if (answer !== undefined) ports.reply(answer);
  else if (owner !== undefined) void ask(owner, frame, ports);
}

/** What can be said without asking the client; undefined when it has to be asked. */
function answerBeforeAsking(owner: PendingCall, frame: ServerRequest, capability: string): string | undefined {
  if (!Object.hasOwn(owner.request.clientCapabilities, capability)) {
    return refusal(frame, METHOD_NOT_FOUND, `the client did not declare ${capability}`);
  }
  if (++owner.asked <= QUESTIONS_PER_CALL_MAX) return undefined;
  return refusal(frame, INTERNAL_ERROR, `more than ${QUESTIONS_PER_CALL_MAX} questions in one call`);
}

/**
 * The only call of a client, and only if that client can answer. A server does not know which client is behind a
 * call: with a second one under way, the question may be about what somebody else asked for.
 */
function soleCandidate(pending: ReadonlyMap<number, PendingCall>, capability: string): PendingCall | undefined {
  const [only, another] = [...pending.values()].filter(({ request }) => CLIENT_CALLS.has(request.method));
  if (only === undefined || another !== undefined) return undefined;
  return Object.hasOwn(only.request.clientCapabilities, capability) ? only : undefined;
}

/** What the gateway sends for a client; lists and subscriptions are its own. */
const CLIENT_CALLS: ReadonlySet<string> = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "completion/complete",
]);

/** Roots asked outside any call are nobody's: no roots. Anything else cannot be answered for somebody unknown. */
function answerUnowned(frame: ServerRequest, ports: CallPorts): string {
  if (frame.method === "roots/list") return encodeResult(frame.id, { roots: [] });
  ports.log("warn", `asked \`${frame.method}\` outside of a single call that could be meant; refused`);
  return refusal(frame, INTERNAL_ERROR, "the gateway cannot tell which client this request is meant for");
}

async function ask(owner: PendingCall, frame: ServerRequest, ports: CallPorts): Promise<void> {
  owner.timer.pause();
  try {
    const answer: JsonObject = await owner.request.onServerRequest(frame.method, frame.params);
    ports.reply(encodeResult(frame.id, answer));
  } catch (error) {
    ports.log("debug", `\`${frame.method}\` was not answered: ${errorText(error)}`);
    ports.reply(toRefusal(frame, error));
  } finally {
    owner.timer.resume();
  }
}

/** Only the client's own errors and ours are made to be shown to a server. */
function toRefusal(frame: ServerRequest, error: unknown): string {
  if (error instanceof UpstreamRpcError) return encodeError(frame.id, error.code, error.message, error.data);
  return refusal(frame, INTERNAL_ERROR, isAegisError(error) ? error.message : "the client could not be asked");
}

function refusal(frame: ServerRequest, code: number, message: string): string {
  return encodeError(frame.id, code, message);
}

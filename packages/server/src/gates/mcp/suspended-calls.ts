/**
 * A modern client cannot be asked anything while its request is open; it gets `input_required` and asks again with
 * the answers (MCP 2026-07-28 multi round-trip). A legacy upstream asks in the middle of a call and waits. This
 * file joins the two: the call stays open towards the upstream, one governed execution, while the client comes
 * back in another request. Bounded in number and time; a call nobody comes back for is cancelled.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Clock, Ids } from "../../governance/ports.ts";
import type { ClientLink, McpCaller } from "./exchange.ts";
import { isJsonObject } from "./wire/json-rpc.ts";
import { invalidParams, RpcError, UPSTREAM_FAILED } from "./wire/rpc-error.ts";

/** A person answers a form; much longer, and the upstream has given up anyway. */
export const SUSPENDED_MS_MAX = 5 * 60_000;
const SUSPENDED_MAX = 512;
const SUSPENDED_PER_CALLER_MAX = 16;

export interface Question {
  readonly method: string;
  readonly params: JsonObject;
}

export type CallStep =
  | { readonly kind: "done"; readonly result: JsonObject }
  | { readonly kind: "asks"; readonly callId: string; readonly questions: ReadonlyMap<string, Question> };

/** Serves one request; may ask through the link. */
export type ServeCall = (link: ClientLink, signal: AbortSignal) => Promise<JsonObject>;

export interface SuspendedCalls {
  /** Runs until the result or the first question. @throws whatever the call throws. */
  start(caller: McpCaller, fingerprint: string, serve: ServeCall, attached: Attached): Promise<CallStep>;
  /** Goes on with the answers of the client. @throws RpcError when there is no such call of this caller. */
  resume(
    caller: McpCaller,
    callId: string,
    fingerprint: string,
    answers: JsonObject,
    attached: Attached,
  ): Promise<CallStep>;
  close(): void;
}

/** The request that waits for the call right now. */
export interface Attached {
  readonly notify: (method: string, params: JsonObject) => void;
  readonly signal: AbortSignal;
}

interface Open extends Question {
  readonly answer: (result: JsonObject) => void;
  readonly refuse: (error: unknown) => void;
}

interface Call {
  readonly id: string;
  readonly caller: McpCaller;
  readonly fingerprint: string;
  readonly abort: AbortController;
  readonly open: Map<string, Open>;
  outcome: Promise<JsonObject>;
  attached: Attached | undefined;
  onQuestion: (() => void) | undefined;
  /** Ends the wait for the client to come back. */
  resumed: AbortController | undefined;
  asked: number;
}

export function createSuspendedCalls(clock: Pick<Clock, "sleep">, ids: Ids): SuspendedCalls {
  const waiting = new Map<string, Call>();

  /** Waits for whichever comes first: the result, a question, or the client going away. */
  const step = async (call: Call, attached: Attached): Promise<CallStep> => {
    call.attached = attached;
    const cancel = (): void => call.abort.abort(attached.signal.reason);
    attached.signal.addEventListener("abort", cancel, { once: true });
    if (attached.signal.aborted) cancel();
    try {
      const question = new Promise<"asks">((resolve) => {
        call.onQuestion = () => resolve("asks");
      });
      const outcome = call.outcome.then((result) => ({ kind: "done", result }) as const);
      const first = await Promise.race([outcome, question]);
      if (first !== "asks") return first;
      return suspend(call);
    } finally {
      attached.signal.removeEventListener("abort", cancel);
      call.attached = undefined;
    }
  };

  const suspend = (call: Call): CallStep => {
    const own = [...waiting.values()].filter(({ caller }) => isSame(caller, call.caller)).length;
    if (waiting.size >= SUSPENDED_MAX || own >= SUSPENDED_PER_CALLER_MAX) {
      call.abort.abort(new RpcError(UPSTREAM_FAILED, "too many calls wait for answers of the client"));
      throw new RpcError(UPSTREAM_FAILED, "too many calls wait for answers of the client; answer some of them first");
    }
    waiting.set(call.id, call);
    void forgetLater(call);
    return { kind: "asks", callId: call.id, questions: new Map(call.open) };
  };

  const forgetLater = async (call: Call): Promise<void> => {
    call.resumed = new AbortController();
    try {
      await clock.sleep(SUSPENDED_MS_MAX, call.resumed.signal);
    } catch {
      return;
    }
    waiting.delete(call.id);
    call.abort.abort(new RpcError(UPSTREAM_FAILED, "the client did not answer in time"));
  };

  return {
    start(caller, fingerprint, serve, attached) {
      const call = beginCall(ids.next(), caller, fingerprint, serve);
      return step(call, attached);
    },
    async resume(caller, callId, fingerprint, answers, attached) {
      const call = waiting.get(callId);
      if (call === undefined || !isSame(call.caller, caller) || call.fingerprint !== fingerprint) {
        throw invalidParams("`requestState` belongs to no call of yours that waits; call again without it");
      }
      waiting.delete(callId);
      call.resumed?.abort();
      deliver(call, answers);
      if (call.open.size > 0) return suspend(call);
      return step(call, attached);
    },
    close() {
      for (const call of waiting.values()) {
        call.resumed?.abort();
        call.abort.abort(new RpcError(UPSTREAM_FAILED, "the gateway is closing"));
      }
      waiting.clear();
    },
  };
}

function beginCall(id: string, caller: McpCaller, fingerprint: string, serve: ServeCall): Call {
  const abort = new AbortController();
  const open = new Map<string, Open>();
  const link: ClientLink = {
    notify: (method, params) => call.attached?.notify(method, params),
    ask: (method, params, signal) => ask(call, method, params, signal),
  };
  const call: Call = {
    id,
    caller,
    fingerprint,
    abort,
    open,
    outcome: Promise.resolve({}),
    attached: undefined,
    onQuestion: undefined,
    resumed: undefined,
    asked: 0,
  };
  call.outcome = serve(link, abort.signal);
  // Whoever waits sees the failure; nobody waiting must not end the process.
  call.outcome.catch(() => undefined);
  return call;
}

function ask(call: Call, method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  call.asked += 1;
  const key = `${method.replace(/\W/g, "_")}_${call.asked}`;
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      call.open.delete(key);
      signal.removeEventListener("abort", stop);
      call.abort.signal.removeEventListener("abort", stop);
      finish();
    };
    const stop = (): void => settle(() => reject(new RpcError(UPSTREAM_FAILED, "the question was withdrawn")));
    call.open.set(key, {
      method,
      params,
      answer: (result) => settle(() => resolve(result)),
      refuse: (error) => settle(() => reject(error)),
    });
    if (signal.aborted || call.abort.signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    call.abort.signal.addEventListener("abort", stop, { once: true });
    // Questions asked in the same breath go out together.
    queueMicrotask(() => call.onQuestion?.());
  });
}

function deliver(call: Call, answers: JsonObject): void {
  for (const [key, question] of call.open) {
    const answer = answers[key];
    if (answer === undefined) continue;
    if (isJsonObject(answer)) question.answer(answer);
    else question.refuse(invalidParams(`the answer to \`${key}\` is not an object`));
  }
}

function isSame(a: McpCaller, b: McpCaller): boolean {
  return a.id === b.id && a.tenant === b.tenant;
}

/** The calls under way on one connection. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { JsonObject } from "@aegisflow/core";
import { type UpstreamRequest, UpstreamRpcError } from "../upstream.ts";
import { Calls, lostCall, PENDING_MAX, type Transmission } from "./calls.ts";
import { parseFrames } from "./frames.ts";
import { ManualClock, settle } from "./testing-upstreams.ts";

let clock: ManualClock;
let calls: Calls;
let sent: Transmission[];
let cancelled: string[];
let replies: JsonObject[];
let broadcasts: string[];
let mayAsk: boolean;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  cancelled = [];
  replies = [];
  broadcasts = [];
  mayAsk = true;
  calls = new Calls({
    name: "u",
    clock,
    log: () => undefined,
    mayAsk: () => mayAsk,
    cancel: (id, reason) => cancelled.push(`${id} ${reason}`),
    reply: (text) => replies.push(JSON.parse(text)),
    broadcast: (method, params) => broadcasts.push(`${method} ${JSON.stringify(params)}`),
  });
});

function call(more: Partial<UpstreamRequest> = {}): Promise<JsonObject> {
  const request: UpstreamRequest = {
    method: "tools/call",
    params: { name: "t" },
    signal: new AbortController().signal,
    timeoutMs: 1000,
    clientCapabilities: {},
    onNotification: () => undefined,
    onServerRequest: () => Promise.reject(new Error("nobody to ask")),
    ...more,
  };
  return calls.call(request, {}, async (transmission) => void sent.push(transmission));
}

function receive(message: object, relatedId?: number): void {
  for (const frame of parseFrames("u", JSON.stringify({ jsonrpc: "2.0", ...message }))) calls.receive(frame, relatedId);
}

describe("answers", () => {
  test("reach their calls in whatever order they come", async () => {
    const [first, second] = [call(), call()];
    receive({ id: 2, result: { n: 2 } });
    receive({ id: 1, result: { n: 1 } });
    expect(await first).toEqual({ n: 1 });
    expect(await second).toEqual({ n: 2 });
    expect(sent.every(({ signal }) => signal.aborted)).toBe(true);
  });

  test("that are errors are passed on as they are", async () => {
    const failing = call();
    receive({ id: 1, error: { code: -32050, message: "no luck", data: { a: 1 } } });
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UpstreamRpcError);
    expect(error).toMatchObject({ code: -32050, message: "no luck", data: { a: 1 } });
  });

  test("nobody waits for are dropped: a second one, one of a text id, one after the time", async () => {
    const once = call();
    receive({ id: 1, result: { n: 1 } });
    receive({ id: 1, result: { n: 2 } });
    receive({ id: "1", result: { n: 3 } });
    receive({ id: 99, error: { code: 1, message: "m" } });
    expect(await once).toEqual({ n: 1 });
  });

  test("that fail to be asked for fail the call", async () => {
    const request = {
      method: "ping",
      params: {},
      signal: new AbortController().signal,
      timeoutMs: 1,
      clientCapabilities: {},
    };
    const handlers = { onNotification: () => undefined, onServerRequest: () => Promise.resolve({}) };
    const failing = calls.call({ ...request, ...handlers }, {}, () => Promise.reject(new Error("no wire")));
    expect(failing).rejects.toThrow("no wire");
    await failing.catch(() => undefined);
  });
});

describe("a call ends", () => {
  test("when its time is up: the upstream is told, and a tool call is not offered for a retry", async () => {
    const late = call().catch((error: unknown) => error);
    await clock.advance(1000);
    expect(await late).toMatchObject({
      code: "timeout",
      retryable: false,
      message: "upstream `u` did not answer `tools/call` within 1000 ms",
    });
    expect(cancelled).toEqual(["1 timeout"]);
  });

  test("when the client cancels it, and is not begun when it did so before", async () => {
    const abort = new AbortController();
    const stopped = call({ signal: abort.signal }).catch((error: unknown) => error);
    abort.abort();
    expect(await stopped).toMatchObject({ code: "cancelled" });
    expect(cancelled).toEqual(["1 cancelled by the client"]);
    expect(await call({ signal: abort.signal }).catch((error: unknown) => error)).toMatchObject({ code: "cancelled" });
    expect(sent).toHaveLength(1);
  });

  test("with its connection, which says what it may have done", async () => {
    const failing = [call(), call({ method: "tools/list" })].map((each) => each.catch((error: unknown) => error));
    calls.failAll(({ method }) => lostCall("upstream `u` exited", method));
    const [tool, list] = await Promise.all(failing);
    expect(tool).toMatchObject({ code: "upstream-failed", retryable: false });
    expect(String(tool)).toContain("whether it took effect is unknown");
    expect(list).toMatchObject({ retryable: true, message: "upstream `u` exited" });
  });

  test("or is refused when too many are under way", async () => {
    const waiting = Array.from({ length: PENDING_MAX }, () => call().catch(() => undefined));
    expect(await call().catch((error: unknown) => error)).toMatchObject({ code: "limit-exceeded" });
    calls.failAll(() => lostCall("over", "ping"));
    await Promise.all(waiting);
    expect(calls.soleId()).toBeUndefined();
  });
});

describe("progress", () => {
  test("of two clients with one token reaches each, with its own token", async () => {
    const seen: string[] = [];
    const listen = (who: string): Partial<UpstreamRequest> => ({
      meta: { progressToken: "same", traceparent: "00-ab" },
      onNotification: (method, params) => seen.push(`${who} ${method} ${JSON.stringify(params)}`),
    });
    void call(listen("a")).catch(() => undefined);
    void call(listen("b")).catch(() => undefined);
    expect(sent.map(({ text }) => JSON.parse(text).params._meta)).toEqual([
      { progressToken: 1, traceparent: "00-ab" },
      { progressToken: 2, traceparent: "00-ab" },
    ]);
    receive({ method: "notifications/progress", params: { progressToken: 2, progress: 5 } });
    receive({ method: "notifications/progress", params: { progressToken: "same", progress: 6 } });
    receive({ method: "notifications/progress", params: { progressToken: 3, progress: 7 } });
    expect(seen).toEqual(['b notifications/progress {"progressToken":"same","progress":5}']);
    calls.failAll(() => lostCall("over", "ping"));
  });

  test("is not sent for by a call that did not ask for it", () => {
    void call().catch(() => undefined);
    expect(JSON.parse(sent[0]?.text ?? "").params).toEqual({ name: "t" });
    calls.failAll(() => lostCall("over", "ping"));
  });
});

describe("notifications", () => {
  const LOG = { method: "notifications/message", params: { level: "info", data: "x" } };

  test("on a response stream belong to its call, list changes to everybody", () => {
    const seen: string[] = [];
    void call({ onNotification: (method) => seen.push(method) }).catch(() => undefined);
    void call().catch(() => undefined);
    receive(LOG, 1);
    receive({ method: "notifications/tools/list_changed" }, 1);
    expect(seen).toEqual(["notifications/message"]);
    expect(broadcasts).toEqual(["notifications/tools/list_changed {}"]);
    calls.failAll(() => lostCall("over", "ping"));
  });

  test("without a stream belong to the only call, and to nobody's when there are two", () => {
    const seen: string[] = [];
    void call({ method: "subscriptions/listen" }).catch(() => undefined);
    void call({ onNotification: (method) => seen.push(method) }).catch(() => undefined);
    receive(LOG);
    expect(seen).toEqual(["notifications/message"]);
    void call().catch(() => undefined);
    receive(LOG);
    expect(seen).toHaveLength(1);
    expect(broadcasts).toHaveLength(1);
    calls.failAll(() => lostCall("over", "ping"));
  });

  test("lose the id of our own subscription", () => {
    const _meta = { "io.modelcontextprotocol/subscriptionId": 3, "com.example/x": 1 };
    receive({ method: "notifications/resources/updated", params: { uri: "a:b", _meta } });
    receive({ method: "notifications/subscriptions/acknowledged", params: { notifications: {} } });
    expect(broadcasts).toEqual(['notifications/resources/updated {"uri":"a:b","_meta":{"com.example/x":1}}']);
  });
});

describe("questions of the server", () => {
  const SAMPLE = { id: "q", method: "sampling/createMessage", params: { maxTokens: 1 } };
  const able: Partial<UpstreamRequest> = {
    clientCapabilities: { sampling: {} },
    onServerRequest: async (method) => ({ answered: method }),
  };
  const answer = async (): Promise<JsonObject | undefined> => {
    await settle();
    calls.failAll(() => lostCall("over", "ping"));
    return replies[0];
  };

  test("go to the client of the call they belong to", async () => {
    void call({ ...able, onServerRequest: async () => ({ from: "one" }) }).catch(() => undefined);
    void call({ ...able, onServerRequest: async () => ({ from: "two" }) }).catch(() => undefined);
    receive(SAMPLE, 2);
    expect(await answer()).toEqual({ jsonrpc: "2.0", id: "q", result: { from: "two" } });
  });

  test("without a stream go to the only client that has a call under way", async () => {
    void call({ method: "tools/list" }).catch(() => undefined);
    void call({ ...able, method: "tools/call" }).catch(() => undefined);
    receive(SAMPLE);
    expect(await answer()).toMatchObject({ result: { answered: "sampling/createMessage" } });
  });

  test.each([
    ["both of whom can answer", able],
    ["one of whom cannot answer, since the question may be about that one's call", {}],
  ])("are refused when two clients could be meant, %s", async (_, other) => {
    void call({ ...other, method: "tools/call" }).catch(() => undefined);
    void call({ ...able, method: "tools/call" }).catch(() => undefined);
    receive(SAMPLE);
    expect(await answer()).toMatchObject({
      error: { code: -32603, message: "the gateway cannot tell which client this request is meant for" },
    });
  });

  test("are refused for a client that did not declare that it can answer", async () => {
    void call({ clientCapabilities: { elicitation: {} } }).catch(() => undefined);
    receive(SAMPLE, 1);
    expect(await answer()).toMatchObject({ error: { code: -32601, message: "the client did not declare sampling" } });
  });

  test.each([
    [{ id: 1, method: "ping" }, { result: {} }],
    [{ id: 1, method: "roots/list" }, { result: { roots: [] } }],
    [{ id: 1, method: "shell/run" }, { error: { code: -32601 } }],
    [{ id: 1, method: "elicitation/create" }, { error: { code: -32603 } }],
  ])("outside of any call: %j is answered %j", async (question, expected) => {
    receive(question);
    expect(await answer()).toMatchObject(expected);
  });

  test("pass the client's own refusal on, and nothing of our insides", async () => {
    void call({
      ...able,
      onServerRequest: () => Promise.reject(new UpstreamRpcError(-1, "the user said no", { why: 1 })),
    }).catch(() => undefined);
    receive(SAMPLE, 1);
    expect(await answer()).toMatchObject({ error: { code: -1, message: "the user said no", data: { why: 1 } } });
    replies = [];
    void call({ ...able, onServerRequest: () => Promise.reject(new Error("secret path /etc")) }).catch(() => undefined);
    receive(SAMPLE, 2);
    expect(await answer()).toMatchObject({ error: { code: -32603, message: "the client could not be asked" } });
  });

  test("stop the clock of the call while a person thinks", async () => {
    const thinking = Promise.withResolvers<JsonObject>();
    const slow = call({ ...able, onServerRequest: () => thinking.promise }).catch((error: unknown) => error);
    await clock.advance(400);
    receive(SAMPLE, 1);
    await clock.advance(5 * 60_000);
    thinking.resolve({});
    await clock.advance(599);
    expect(calls.isPending(1)).toBe(true);
    await clock.advance(1);
    expect(await slow).toMatchObject({ code: "timeout" });
  });

  test("do not stop it forever", async () => {
    const slow = call({ ...able, onServerRequest: () => new Promise(() => undefined) }).catch(
      (error: unknown) => error,
    );
    receive(SAMPLE, 1);
    await clock.advance(10 * 60_000);
    expect(await slow).toMatchObject({ code: "timeout" });
  });

  test("are refused without asking anybody in the modern era", async () => {
    mayAsk = false;
    let asked = 0;
    void call({ ...able, onServerRequest: async () => ({ asked: ++asked }) }).catch(() => undefined);
    receive(SAMPLE, 1);
    expect(await answer()).toMatchObject({ error: { code: -32601 } });
    expect(asked).toBe(0);
  });

  test("are too many at some point", async () => {
    void call(able).catch(() => undefined);
    for (let at = 0; at <= 64; at++) receive({ ...SAMPLE, id: at }, 1);
    await settle();
    expect(replies.filter((reply) => "error" in reply)).toHaveLength(1);
    await answer();
  });
});

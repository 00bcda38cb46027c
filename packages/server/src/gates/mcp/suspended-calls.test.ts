import { describe, expect, test } from "bun:test";
import { AegisError, type JsonObject } from "@aegisflow/core";
import { AGENT, OTHER } from "./mcp-gate.fixture.ts";
import { type Attached, createSuspendedCalls, type ServeCall, SUSPENDED_MS_MAX } from "./suspended-calls.ts";

function open() {
  let count = 0;
  const sleepers: { readonly delayMs: number; readonly wake: () => void }[] = [];
  const clock = {
    sleep: (delayMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        sleepers.push({ delayMs, wake: resolve });
        signal.addEventListener("abort", () => reject(new AegisError("cancelled", "x")), { once: true });
      }),
  };
  const calls = createSuspendedCalls(clock, { next: () => `call-${++count}` });
  return { calls, sleepers };
}

const attach = (signal = new AbortController().signal): Attached => ({ notify: () => undefined, signal });

/** Asks once and answers with what it was told. */
const askOnce: ServeCall = async (link, signal) => ({
  told: await link.ask("elicitation/create", { message: "?" }, signal),
});
const FP = "fingerprint";

async function startAsking(calls: ReturnType<typeof open>["calls"], serve: ServeCall = askOnce) {
  const step = await calls.start(AGENT, FP, serve, attach());
  if (step.kind !== "asks") throw new Error("it did not ask");
  const [key = ""] = step.questions.keys();
  return { ...step, key };
}

describe("createSuspendedCalls()", () => {
  test("a call that asks nothing just ends", async () => {
    expect(await open().calls.start(AGENT, FP, () => Promise.resolve({ a: 1 }), attach())).toEqual({
      kind: "done",
      result: { a: 1 },
    });
    await expect(open().calls.start(AGENT, FP, () => Promise.reject(new Error("no")), attach())).rejects.toThrow("no");
  });

  test("an answer lets it go on, once", async () => {
    const { calls } = open();
    const { callId, key } = await startAsking(calls);
    const answers: JsonObject = { [key]: { action: "accept" } };
    expect(await calls.resume(AGENT, callId, FP, answers, attach())).toEqual({
      kind: "done",
      result: { told: { action: "accept" } },
    });
    await expect(calls.resume(AGENT, callId, FP, answers, attach())).rejects.toThrow("no call of yours that waits");
  });

  test("only for the caller and the very call", async () => {
    const { calls } = open();
    const { callId, key } = await startAsking(calls);
    for (const [caller, id, fingerprint] of [
      [OTHER, callId, FP],
      [AGENT, "call-9", FP],
      [AGENT, callId, "other"],
    ] as const) {
      await expect(calls.resume(caller, id, fingerprint, { [key]: {} }, attach())).rejects.toThrow(
        "no call of yours that waits",
      );
    }
    expect((await calls.resume(AGENT, callId, FP, { [key]: {} }, attach())).kind).toBe("done");
  });

  test("questions in one breath go out together; one left open is asked again", async () => {
    const { calls } = open();
    const both: ServeCall = async (link, signal) => {
      const [a, b] = await Promise.all([
        link.ask("roots/list", {}, signal),
        link.ask("sampling/createMessage", {}, signal),
      ]);
      return { a, b };
    };
    const first = await calls.start(AGENT, FP, both, attach());
    if (first.kind !== "asks") throw new Error("it did not ask");
    expect([...first.questions.values()].map(({ method }) => method)).toEqual(["roots/list", "sampling/createMessage"]);
    const [a = "", b = ""] = first.questions.keys();
    const second = await calls.resume(AGENT, first.callId, FP, { [a]: { x: 1 } }, attach());
    if (second.kind !== "asks") throw new Error("it did not ask again");
    expect([...second.questions.keys()]).toEqual([b]);
    expect(await calls.resume(AGENT, second.callId, FP, { [b]: { y: 2 } }, attach())).toEqual({
      kind: "done",
      result: { a: { x: 1 }, b: { y: 2 } },
    });
  });

  test("an answer that is no object fails the call, not the gateway", async () => {
    const { calls } = open();
    const { callId, key } = await startAsking(calls);
    await expect(calls.resume(AGENT, callId, FP, { [key]: 7 }, attach())).rejects.toThrow("is not an object");
  });

  test("nobody comes back: the call is cancelled", async () => {
    const { calls, sleepers } = open();
    let cancelled: unknown;
    const { callId, key } = await startAsking(calls, async (link, signal) => {
      signal.addEventListener("abort", () => {
        cancelled = signal.reason;
      });
      return askOnce(link, signal);
    });
    expect(sleepers.map(({ delayMs }) => delayMs)).toEqual([SUSPENDED_MS_MAX]);
    sleepers[0]?.wake();
    await Bun.sleep(1);
    expect(String(cancelled)).toContain("did not answer in time");
    await expect(calls.resume(AGENT, callId, FP, { [key]: {} }, attach())).rejects.toThrow(
      "no call of yours that waits",
    );
  });

  test("the client goes away while it is attached: the call is cancelled", async () => {
    const { calls } = open();
    const gone = new AbortController();
    const hanging = calls.start(
      AGENT,
      FP,
      (_link, signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cancelled")))),
      attach(gone.signal),
    );
    gone.abort();
    await expect(hanging).rejects.toThrow("cancelled");
  });

  test("one caller cannot leave more than a few open", async () => {
    const { calls } = open();
    for (let i = 0; i < 16; i++) await startAsking(calls);
    await expect(startAsking(calls)).rejects.toThrow("too many calls wait");
    expect((await calls.start(OTHER, FP, askOnce, attach())).kind).toBe("asks");
    calls.close();
  });
});

/** What keeps a session to an upstream open. */
import { describe, expect, test } from "bun:test";
import { AegisError, type JsonObject } from "@aegisflow/core";
import fc from "fast-check";
import type { ServerFacts } from "./eras.ts";
import { type OpenSession, type SessionEnd, type SessionHooks, SessionLost, type UpstreamSession } from "./session.ts";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoffMs, SupervisedUpstream } from "./supervisor.ts";
import { ask, ManualClock, settle } from "./testing-upstreams.ts";

const FACTS: ServerFacts = {
  era: "legacy",
  version: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "s" },
  instructions: "hi",
};

class FakeSession implements UpstreamSession {
  readonly facts: ServerFacts;
  readonly asked: string[] = [];
  readonly watched: string[][] = [];
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly ended = this.#ended.promise;
  closed = false;
  lost = false;

  constructor(facts: ServerFacts = FACTS) {
    this.facts = facts;
  }

  async request({ method }: { method: string }): Promise<JsonObject> {
    this.asked.push(method);
    if (this.lost) throw new SessionLost();
    return { served: method };
  }

  async notify(): Promise<void> {}

  async watch(uris: ReadonlySet<string>): Promise<void> {
    this.watched.push([...uris]);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  end(expired = false): void {
    this.#ended.resolve({ error: new AegisError("upstream-failed", "upstream `u` ended"), expired });
  }
}

interface World {
  readonly clock: ManualClock;
  readonly upstream: SupervisedUpstream;
  readonly opened: FakeSession[];
  readonly hooks: SessionHooks[];
}

/** `plan` decides attempt by attempt. */
function world(plan: (attempt: number) => Promise<FakeSession> | FakeSession): World {
  const clock = new ManualClock();
  const opened: FakeSession[] = [];
  const hooks: SessionHooks[] = [];
  const open: OpenSession = async (given) => {
    hooks.push(given);
    const session = await plan(hooks.length);
    opened.push(session);
    return session;
  };
  const upstream = new SupervisedUpstream({
    name: "u",
    open,
    clock,
    random: { bytes: () => Uint8Array.of(255) },
    log: () => undefined,
  });
  return { clock, upstream, opened, hooks };
}

const refuse = (): never => {
  throw new AegisError("upstream-failed", "upstream `u` exited with code 3");
};

describe("a session", () => {
  test("is opened at once; what the server said of itself is known then", async () => {
    const { upstream } = world(() => new FakeSession());
    expect(upstream.state()).toBe("starting");
    expect(upstream.era()).toBeUndefined();
    expect(await ask(upstream, "tools/list")).toEqual({ served: "tools/list" });
    expect(upstream.state()).toBe("ready");
    expect([upstream.era(), upstream.instructions(), upstream.serverInfo()]).toEqual(["legacy", "hi", { name: "s" }]);
    await upstream.close();
    expect(upstream.state()).toBe("closed");
  });

  test("that ends is closed and opened again after the first delay", async () => {
    const { upstream, opened, clock } = world(() => new FakeSession());
    await settle();
    opened[0]?.end();
    await settle();
    expect(opened[0]?.closed).toBe(true);
    expect(upstream.state()).toBe("backing-off");
    const waiting = ask(upstream, "ping");
    await clock.advance(BACKOFF_BASE_MS);
    expect(await waiting).toEqual({ served: "ping" });
    expect(opened).toHaveLength(2);
    await upstream.close();
  });

  test("that expired is opened again without delay, and the request is sent once more", async () => {
    const { upstream, opened } = world((attempt) => {
      const session = new FakeSession();
      session.lost = attempt === 1;
      return session;
    });
    await settle();
    const asked = ask(upstream, "tools/call");
    await settle();
    opened[0]?.end(true);
    expect(await asked).toEqual({ served: "tools/call" });
    expect(opened.map(({ asked: requests }) => requests)).toEqual([["tools/call"], ["tools/call"]]);
    await upstream.close();
  });

  test("that is lost twice fails the request", async () => {
    const { upstream, opened } = world(() => {
      const session = new FakeSession();
      session.lost = true;
      return session;
    });
    await settle();
    const asked = ask(upstream, "tools/call").catch((error: unknown) => error);
    await settle();
    opened[0]?.end(true);
    expect(await asked).toMatchObject({ code: "upstream-failed" });
    await upstream.close();
  });

  test("is closed with the upstream, also while it is being opened", async () => {
    const { upstream, opened } = world(() => new FakeSession());
    await settle();
    await upstream.close();
    expect(opened[0]?.closed).toBe(true);
    expect(await ask(upstream, "ping").catch((error: unknown) => error)).toMatchObject({ code: "no-upstream" });
    const slow = world(() => new Promise(() => undefined));
    const closing = slow.upstream.close();
    expect(slow.hooks[0]?.signal.aborted).toBe(true);
    void closing;
  });
});

describe("failures", () => {
  test("reach those who wait, then refuse at once until an attempt succeeds", async () => {
    const { upstream, clock } = world((attempt) => (attempt <= 3 ? refuse() : new FakeSession()));
    expect(await ask(upstream, "ping").catch((error: unknown) => error)).toMatchObject({
      message: "upstream `u` exited with code 3",
    });
    const second = ask(upstream, "ping").catch((error: unknown) => error);
    await clock.advance(BACKOFF_BASE_MS);
    expect(await second).toMatchObject({ code: "upstream-failed" });
    expect(upstream.state()).toBe("backing-off");
    expect(await ask(upstream, "ping").catch((error: unknown) => error)).toMatchObject({
      message: "upstream `u` exited with code 3",
    });
    await clock.advance(BACKOFF_BASE_MS * 6);
    expect(await ask(upstream, "ping")).toEqual({ served: "ping" });
    await upstream.close();
  });

  test("delay the next attempt longer each time, up to the cap, and start over after a stable while", async () => {
    const { upstream, clock, hooks, opened } = world((attempt) => (attempt <= 12 ? refuse() : new FakeSession()));
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt++) {
      const fromMs = clock.monotonicMs();
      while (hooks.length === attempt) await clock.advance(250);
      delays.push(clock.monotonicMs() - fromMs);
    }
    expect(delays.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(delays.at(-1)).toBe(BACKOFF_CAP_MS);
    await clock.advance(60_000);
    opened[0]?.end();
    await clock.advance(BACKOFF_BASE_MS);
    expect(opened).toHaveLength(2);
    await upstream.close();
  });

  test("a request that waits gives up at its time or when it is cancelled, whichever is first", async () => {
    const { upstream, clock } = world(() => new Promise(() => undefined));
    const late = ask(upstream, "ping", {}, { timeoutMs: 100 }).catch((error: unknown) => error);
    const abort = new AbortController();
    const stopped = ask(upstream, "ping", {}, { signal: abort.signal }).catch((error: unknown) => error);
    abort.abort();
    expect(await stopped).toMatchObject({ code: "cancelled" });
    await clock.advance(100);
    expect(await late).toMatchObject({ code: "timeout" });
  });
});

test("backoffMs() is between half and all of the doubled delay, never above the cap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 255 }), (failures, byte) => {
      const full = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1));
      const delayMs = backoffMs(failures, { bytes: () => Uint8Array.of(byte) });
      expect(delayMs).toBeGreaterThanOrEqual(full / 2);
      expect(delayMs).toBeLessThanOrEqual(full);
    }),
  );
});

describe("notifications", () => {
  test("reach all listeners, a broken one or not; after a restart everything may have changed", async () => {
    const { upstream, opened, hooks, clock } = world(() => new FakeSession());
    const seen: string[] = [];
    upstream.subscribe(() => {
      throw new Error("broken listener");
    });
    const stop = upstream.subscribe((method) => seen.push(method));
    await settle();
    hooks[0]?.broadcast("notifications/resources/updated", { uri: "a:b" });
    expect(seen).toEqual(["notifications/resources/updated"]);
    opened[0]?.end();
    await clock.advance(BACKOFF_BASE_MS);
    expect(seen).toEqual(["notifications/resources/updated", "notifications/tools/list_changed"]);
    stop();
    hooks[1]?.broadcast("notifications/tools/list_changed", {});
    expect(seen).toHaveLength(2);
    await upstream.close();
  });

  test("of watched resources are asked for again after a restart", async () => {
    const { upstream, opened, clock } = world(() => new FakeSession());
    await ask(upstream, "resources/subscribe", { uri: "a:1" });
    await ask(upstream, "resources/subscribe", { uri: "a:2" });
    await ask(upstream, "resources/unsubscribe", { uri: "a:1" });
    expect(opened[0]?.asked).toEqual(["resources/subscribe", "resources/subscribe", "resources/unsubscribe"]);
    opened[0]?.end();
    await clock.advance(BACKOFF_BASE_MS);
    expect(opened[1]?.watched).toEqual([["a:2"]]);
    await upstream.close();
  });

  test("of the log level that was set last are asked for again too", async () => {
    const { upstream, opened, clock } = world(() => new FakeSession());
    await ask(upstream, "logging/setLevel", { level: "info" });
    opened[0]?.end();
    await clock.advance(BACKOFF_BASE_MS);
    expect(opened[1]?.asked).toEqual(["logging/setLevel"]);
    await upstream.close();
  });

  test("of a modern upstream are asked for with the whole set each time, as it has no such request", async () => {
    const { upstream, opened } = world(() => new FakeSession({ ...FACTS, era: "modern" }));
    expect(await ask(upstream, "resources/subscribe", { uri: "a:1" })).toEqual({});
    expect(opened[0]?.asked).toEqual([]);
    expect(opened[0]?.watched).toEqual([["a:1"]]);
    expect(await ask(upstream, "resources/subscribe", {}).catch((error: unknown) => error)).toMatchObject({
      code: -32602,
    });
    await upstream.close();
  });
});

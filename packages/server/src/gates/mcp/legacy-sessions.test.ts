import { describe, expect, test } from "bun:test";
import { AegisError } from "@aegisflow/core";
import type { Clock } from "../../governance/ports.ts";
import { systemRandom } from "../../runtime/sources.ts";
import { createLegacySessions, type LegacySession } from "./legacy-sessions.ts";
import { AGENT, OTHER } from "./mcp-gate.fixture.ts";

/** Time moves when the test says so. */
function createTestClock(): Clock & { advance(ms: number): Promise<void> } {
  let nowMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => nowMs,
    nowIso: () => "",
    monotonicMs: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add({ atMs: nowMs + delayMs, wake: resolve });
        signal.addEventListener("abort", () => reject(new AegisError("cancelled", "x")), { once: true });
      }),
    async advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.atMs <= nowMs && sleepers.delete(sleeper)) sleeper.wake();
      await Bun.sleep(1);
    },
  };
}

function open(limits = { max: 10, perCallerMax: 5, idleMs: 60_000 }) {
  const clock = createTestClock();
  const closed: LegacySession[] = [];
  const revoked = new Set<string>();
  const sessions = createLegacySessions({
    clock,
    random: systemRandom,
    limits: () => limits,
    isStillValid: ({ id }) => !revoked.has(id),
    onClosed: (session) => closed.push(session),
    onSweep: () => undefined,
  });
  const connected = { now: false };
  const parts = {
    version: "2025-11-25",
    clientCapabilities: {},
    announce: () => undefined,
    isConnected: () => connected.now,
    closeStreams: () => undefined,
  };
  return { clock, sessions, closed, revoked, connected, parts };
}

describe("createLegacySessions()", () => {
  test("ids are random, and tell nothing about the evidence chain", () => {
    const { sessions, parts } = open();
    const [a, b] = [sessions.open(AGENT, parts), sessions.open(AGENT, parts)];
    expect(a.id).not.toBe(b.id);
    expect(a.evidenceSid).toMatch(/^mcp-[0-9a-f]{24}$/);
    expect(a.evidenceSid).not.toContain(a.id.slice(0, 8));
    sessions.closeAll();
  });

  test("idle ones are swept, connected ones are not and count from when they let go", async () => {
    const { clock, sessions, closed, connected, parts } = open();
    const session = sessions.open(AGENT, parts);
    connected.now = true;
    for (let i = 0; i < 10; i++) await clock.advance(30_000);
    expect(closed).toEqual([]);
    connected.now = false;
    await clock.advance(30_000);
    await clock.advance(30_000);
    expect(sessions.find(session.id, AGENT)).toBe(session);
    await clock.advance(30_000);
    await clock.advance(30_000);
    await clock.advance(30_000);
    expect(closed).toEqual([session]);
    sessions.closeAll();
  });

  test("a revoked key ends its sessions at the next sweep, with what runs in them", async () => {
    const { clock, sessions, closed, revoked, parts } = open();
    const session = sessions.open(AGENT, parts);
    const other = sessions.open(OTHER, parts);
    const running = new AbortController();
    session.inFlight.set("n1", running);
    revoked.add(AGENT.id);
    await clock.advance(30_000);
    expect(closed).toEqual([session]);
    expect(running.signal.aborted).toBe(true);
    expect(sessions.find(other.id, OTHER)).toBe(other);
    sessions.closeAll();
  });

  test("another caller's id finds nothing, also with the same key id in another tenant", () => {
    const { sessions, parts } = open();
    const session = sessions.open(AGENT, parts);
    expect(sessions.find(session.id, OTHER)).toBeUndefined();
    expect(sessions.find(session.id, { ...AGENT, tenant: "elsewhere" })).toBeUndefined();
    expect(sessions.find("0".repeat(32), AGENT)).toBeUndefined();
    sessions.closeAll();
  });

  test("when all are in use, nobody else's is taken", () => {
    const { sessions, parts } = open({ max: 1, perCallerMax: 5, idleMs: 60_000 });
    const first = sessions.open(AGENT, parts);
    expect(() => sessions.open(OTHER, parts)).toThrow("too many sessions are open");
    expect(sessions.find(first.id, AGENT)).toBe(first);
    sessions.closeAll();
  });
});

import { describe, expect, test } from "bun:test";
import { type HeadEntry, headPath, headsPayload, verifyHeadPath } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import fc from "fast-check";
import { takeHeads } from "./heads-snapshot.ts";
import { LiveSessions } from "./live-sessions.ts";
import { createMemorySessionIndex } from "./memory-session-index.ts";
import { newSession, type SessionState } from "./session-state.ts";
import { EMPTY_EDGE } from "./tree-edge.ts";

const SNAPSHOT = {
  origin: "o",
  segment: 1,
  offset: 64,
  batch: 1,
  lastLeaf: "0".repeat(64),
  keyIdMax: 0,
  edge: EMPTY_EDGE,
};

function session(i: number, seq: number): SessionState {
  const ref = { tenant: `t${i % 3}`, sid: `s${i}` };
  return { ...newSession(ref), seq, leaf: String(seq).padStart(64, "0"), state: i % 5 === 0 ? "closed" : "open" };
}

function entryOf({ tenant, sid, seq, leaf, state }: SessionState): HeadEntry {
  return { tenant, sid, seq, leaf, state };
}

describe("takeHeads()", () => {
  test("commits to what the evidence package commits to, whatever is live and whatever is stored", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 450 }), fc.nat(60), fc.nat(449), async (stored, live, wantedAt) => {
        const index = createMemorySessionIndex();
        index.save({
          sessions: Array.from({ length: stored }, (_, i) => session(i, 1)),
          landmarks: [],
          snapshot: SNAPSHOT,
        });
        const sessions = new LiveSessions(() => undefined);
        // Some of the live ones are newer than their stored selves, some are new.
        for (let i = 0; i < live; i++) sessions.adopt(session(i * 9, 2));
        const all = new Map(Array.from({ length: stored }, (_, i) => [i, session(i, 1)]));
        for (let i = 0; i < live; i++) all.set(i * 9, session(i * 9, 2));
        const entries = [...all.values()].map(entryOf);
        const wanted = session(wantedAt, 0);
        const taken = await takeHeads({ live: sessions.all(), index, pause: () => Promise.resolve() }, wanted);
        expect(taken.payload).toEqual(headsPayload(nodeCrypto, entries));
        if (!all.has(wantedAt)) expect(taken.path).toBeUndefined();
        else {
          expect(taken.path).toEqual(headPath(nodeCrypto, entries, wanted.tenant, wanted.sid));
          expect(taken.path !== undefined && verifyHeadPath(nodeCrypto, taken.path, taken.payload)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});

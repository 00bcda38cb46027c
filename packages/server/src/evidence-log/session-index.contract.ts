/** What every session index does; run over each adapter. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogSnapshot, SessionIndex } from "./session-index.ts";
import { newSession, type SessionState } from "./session-state.ts";
import { EMPTY_EDGE } from "./tree-edge.ts";

const SNAPSHOT: LogSnapshot = {
  origin: "test.invalid/log",
  segment: 3,
  offset: 700,
  batch: 12,
  lastLeaf: "a".repeat(64),
  keyIdMax: 5,
  edge: { range: { size: 1, hashes: [new Uint8Array(32).fill(1)] }, partial: [new Uint8Array(32).fill(1)] },
};

function session(sid: string, changes: Partial<SessionState> = {}): SessionState {
  return {
    ...newSession({ tenant: "t", sid }),
    seq: 1,
    leaf: sid.padEnd(64, "0"),
    startedAt: "2026-11-23T10:00:00.000000Z",
    ...changes,
  };
}

export function testSessionIndex(name: string, open: () => SessionIndex): void {
  const saved = (...sessions: readonly SessionState[]): SessionIndex => {
    const index = open();
    index.save({ sessions, landmarks: [], snapshot: SNAPSHOT });
    return index;
  };

  describe(`the session index ${name}`, () => {
    test("gives back sessions and place as they were saved", () => {
      const changes: Partial<SessionState> = {
        last: { segment: 2, offset: 64 },
        state: "closed",
        keyId: 4,
        endedAt: "z",
        decisions: 4,
        allowed: 1,
        reviewed: 2,
        blocked: 1,
        chainValid: false,
        open: new Set(["b".repeat(64)]),
        unknown: new Set(["c".repeat(64), "d"]),
      };
      const index = saved(session("s1", changes));
      expect(index.load({ tenant: "t", sid: "s1" })).toEqual(session("s1", changes));
      expect(index.snapshot()).toEqual(SNAPSHOT);
      expect(index.load({ tenant: "t", sid: "s2" })).toBeUndefined();
    });

    test("keeps what it gave apart from what it holds", () => {
      const index = saved(session("s1"));
      index.load({ tenant: "t", sid: "s1" })?.open.add("changed");
      expect(index.load({ tenant: "t", sid: "s1" })?.open.size).toBe(0);
    });

    test("replaces what it knows and forgets on clear", () => {
      const index = saved(session("s1"));
      index.save({
        sessions: [session("s1", { seq: 9 })],
        landmarks: [],
        snapshot: { ...SNAPSHOT, batch: 13, edge: EMPTY_EDGE },
      });
      expect(index.load({ tenant: "t", sid: "s1" })?.seq).toBe(9);
      expect(index.snapshot()?.batch).toBe(13);
      index.clear();
      expect(index.load({ tenant: "t", sid: "s1" })).toBeUndefined();
      expect(index.snapshot()).toBeUndefined();
    });

    test("lists every session once, newest first, in pages of any size", () => {
      const starts = fc.array(fc.tuple(fc.constantFrom("t", "u"), fc.nat(5)), { maxLength: 12 });
      fc.assert(
        fc.property(starts, fc.integer({ min: 1, max: 5 }), fc.constantFrom("t", undefined), (made, limit, tenant) => {
          const sessions = made.map(([owner, start], i) =>
            session(`s${i}`, { tenant: owner, startedAt: `2026-11-23T10:00:0${start}.000000Z` }),
          );
          const index = saved(...sessions);
          const listed: SessionState[] = [];
          for (let cursor: string | undefined, pages = 0; pages < 20; pages++) {
            const page = index.list({
              limit,
              ...(tenant === undefined ? {} : { tenant }),
              ...(cursor === undefined ? {} : { cursor }),
            });
            expect(page.sessions.length).toBeLessThanOrEqual(limit);
            listed.push(...page.sessions);
            cursor = page.nextCursor;
            if (cursor === undefined) break;
          }
          const place = (one: SessionState): string => `${one.startedAt} ${one.tenant} ${one.sid}`;
          const expected = sessions.filter((one) => tenant === undefined || one.tenant === tenant).map(place);
          expect(listed.map(place)).toEqual(expected.sort().reverse());
          index.close();
        }),
        { numRuns: 60 },
      );
    });

    test("walks all sessions in the order of tenant and sid", () => {
      const index = saved(session("s2"), session("s10"), session("a", { tenant: "u" }), session("z", { tenant: "T" }));
      const names = (limit: number): readonly string[] => {
        const walked: string[] = [];
        for (let slice = index.after(undefined, limit); slice.length > 0; slice = index.after(slice.at(-1), limit)) {
          walked.push(...slice.map(({ tenant, sid }) => `${tenant}/${sid}`));
        }
        return walked;
      };
      for (const limit of [1, 3, 10]) expect(names(limit)).toEqual(["T/z", "t/s10", "t/s2", "u/a"]);
    });

    test("finds sessions with open decisions, and marks what a check found", () => {
      const index = saved(session("s1", { open: new Set(["x"]) }), session("s2"));
      expect(index.withOpenDecisions().map(({ sid }) => sid)).toEqual(["s1"]);
      index.markChain({ tenant: "t", sid: "s2" }, false);
      expect(index.load({ tenant: "t", sid: "s2" })?.chainValid).toBe(false);
    });

    test("finds landmarks in the order of the log, each once", () => {
      const index = open();
      const landmarks = [
        { name: "policy:p", at: { segment: 2, offset: 64 } },
        { name: "vote", at: { segment: 1, offset: 900 } },
      ];
      index.save({ sessions: [], landmarks, snapshot: SNAPSHOT });
      index.save({
        sessions: [],
        landmarks: [{ name: "policy:p", at: { segment: 10, offset: 64 } }],
        snapshot: SNAPSHOT,
      });
      expect(index.landmarks("policy:p")).toEqual([
        { segment: 2, offset: 64 },
        { segment: 10, offset: 64 },
      ]);
      expect(index.landmarks("nothing")).toEqual([]);
    });
  });
}

import { expect, test } from "bun:test";
import { createSystemClock, createUuidIds, isoFromMicros, systemRandom } from "./sources.ts";

test("ids are UUIDv7, unique and sorted by creation, even when one millisecond makes thousands", () => {
  const ids = createUuidIds(createSystemClock(), systemRandom);
  const made = Array.from({ length: 20_000 }, () => ids.next());
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
  expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("ids stay sorted when the wall clock jumps back", () => {
  let nowMs = 2_000_000_000_000;
  const ids = createUuidIds({ ...createSystemClock(), nowMs: () => nowMs }, systemRandom);
  const before = ids.next();
  nowMs -= 60_000;
  expect(ids.next() > before).toBe(true);
});

test("the clock writes microseconds and never the same instant twice", () => {
  const clock = createSystemClock();
  const made = Array.from({ length: 5_000 }, () => clock.nowIso());
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
  expect(isoFromMicros(1_700_000_000_000_001)).toBe("2023-11-14T22:13:20.000001Z");
});

test("a cancelled sleep rejects as cancelled", async () => {
  const stop = new AbortController();
  const slept = createSystemClock().sleep(60_000, stop.signal);
  stop.abort();
  await expect(slept).rejects.toMatchObject({ code: "cancelled" });
});

import { expect, test } from "bun:test";
import { createPresence, PRESENT_MS } from "./presence.ts";

const one = { id: "agent", name: "one", role: "agent", tenant: "default" } as const;
const two = { ...one, tenant: "acme" };

test("a caller is alone until another key calls, and again when that one has been silent long enough", () => {
  let nowMs = 0;
  const presence = createPresence({ monotonicMs: () => nowMs });
  presence.note(one);
  expect(presence.isAlone(one)).toBe(true);
  presence.note(two);
  expect(presence.isAlone(one)).toBe(false);
  expect(presence.isAlone(two)).toBe(false);
  nowMs = PRESENT_MS + 1;
  presence.note(one);
  expect(presence.isAlone(one)).toBe(true);
});

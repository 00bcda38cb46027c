/** The verdict over conformance runs. */
import { expect, test } from "bun:test";
import { type ExpectedFailure, judge, readExpectedFailures } from "./expected-failures.ts";
import type { SuiteRun } from "./run-suite.ts";

const run = (isPassed: boolean, isHeld = true): SuiteRun => ({
  revision: "2026-07-28",
  side: "client",
  required: [{ name: "auth/x", isPassed }],
  optional: [{ name: "extension", isPassed: false }],
  proofs: [{ claim: "it governs", isHeld }],
});
const ENTRY: ExpectedFailure = {
  revision: "2026-07-28",
  side: "client",
  scenario: "auth/x",
  reason: "the suite itself is wrong here",
};

test.each([
  ["a pass counts, with its proof", run(true), [], 2, 0],
  ["a failure that nobody expects fails", run(false), [], 1, 1],
  ["a failure that is expected is none", run(false), [ENTRY], 1, 0],
  ["a pass that was expected to fail is stale, and stale fails", run(true), [ENTRY], 2, 1],
  ["an entry is for its side only", run(false), [{ ...ENTRY, side: "server" }], 1, 1],
  ["a proof that does not hold fails", run(true, false), [], 1, 1],
])("%s", (_what, suiteRun, expected, passed, problems) => {
  const verdict = judge([suiteRun], expected);
  expect([verdict.passed, verdict.problems.length]).toEqual([passed, problems]);
});

test("the list of expected failures is readable", () => {
  expect(Array.isArray(readExpectedFailures())).toBe(true);
});

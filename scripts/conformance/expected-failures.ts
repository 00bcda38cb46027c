/** What may fail, with its reason, and the verdict over all runs. The list only shrinks: an entry that passes is stale. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { REPOSITORY, REVISIONS, type SuiteRun } from "./run-suite.ts";

const FILE = "tests/conformance/expected-failures.yaml";

const expectedFailureSchema = z.strictObject({
  revision: z.enum(REVISIONS),
  /** As printed: `client on bun`, or `server on node, …`. */
  side: z.string(),
  scenario: z.string(),
  reason: z.string().min(20),
});
export type ExpectedFailure = z.output<typeof expectedFailureSchema>;

export function readExpectedFailures(): readonly ExpectedFailure[] {
  return z
    .strictObject({ expected_failures: z.array(expectedFailureSchema) })
    .parse(parse(readFileSync(join(REPOSITORY, FILE), "utf8"))).expected_failures;
}

export interface Verdict {
  readonly passed: number;
  readonly problems: string[];
}

export function judge(runs: readonly SuiteRun[], expected: readonly ExpectedFailure[]): Verdict {
  const problems: string[] = [];
  let passed = 0;
  for (const run of runs) {
    for (const { name, isPassed } of run.required) {
      const where = `${run.revision} as ${run.side}: ${name}`;
      const isExpected = expected.some(
        (each) => each.revision === run.revision && each.side === run.side && each.scenario === name,
      );
      if (isPassed) passed++;
      if (isPassed && isExpected) problems.push(`${where} passes, remove it from ${FILE}`);
      if (!isPassed && !isExpected) problems.push(where);
    }
    for (const { claim, isHeld } of run.proofs) {
      if (isHeld) passed++;
      else problems.push(`${run.revision} as ${run.side}: ${claim}`);
    }
  }
  return { passed, problems };
}

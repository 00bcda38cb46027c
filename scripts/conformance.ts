/**
 * `npm run conformance`: the official MCP conformance suite, for what both revisions require of servers and clients.
 * As a server the product is a real process with a governing policy in force, in front of a fixture server over HTTP
 * and over stdio; each run also proves that the policy governs (a block fails the scenario with our error) and that
 * every call has its evidence. As a client it is the product's own upstream leg.
 * Prints passed/total per side and revision. What may fail stands with its reason in
 * tests/conformance/expected-failures.yaml; an entry that passes is stale, and stale is a failure.
 */
import { runAsClient } from "./conformance/as-client.ts";
import { runAsServer, SERVER_RUNS } from "./conformance/as-server.ts";
import { judge, readExpectedFailures } from "./conformance/expected-failures.ts";
import { REVISIONS, RUNTIMES, type SuiteRun } from "./conformance/run-suite.ts";

/** CI gives it six minutes; it needs less than two. */
const WHOLE_RUN_MS_MAX = 6 * 60_000;

async function main(): Promise<number> {
  const startedMs = performance.now();
  const runs: SuiteRun[] = [];
  for (const run of SERVER_RUNS) runs.push(show(await runAsServer(run)));
  for (const runtime of RUNTIMES) {
    for (const revision of REVISIONS) runs.push(show(await runAsClient(revision, runtime)));
  }
  const verdict = judge(runs, readExpectedFailures());
  const tookMs = performance.now() - startedMs;
  if (tookMs > WHOLE_RUN_MS_MAX)
    verdict.problems.push(`it took ${Math.round(tookMs / 1000)} s, which is too long for CI`);
  for (const problem of verdict.problems) console.log(`FAIL ${problem}`);
  console.log(`\n${verdict.passed} passed, ${verdict.problems.length} failed`);
  return verdict.problems.length === 0 ? 0 : 1;
}

function show(run: SuiteRun): SuiteRun {
  const passed = run.required.filter(({ isPassed }) => isPassed).length;
  const optional = run.optional.filter(({ isPassed }) => isPassed).length;
  const extras = run.optional.length === 0 ? "" : `, and ${optional}/${run.optional.length} not required`;
  console.log(
    `${run.revision}  as ${run.side.padEnd(42)} ${passed}/${run.required.length} required scenarios${extras}`,
  );
  for (const { name, isPassed } of run.required) if (!isPassed) console.log(`            failed: ${name}`);
  for (const proof of run.proofs) console.log(`            ${proof.isHeld ? "holds" : "BROKEN"}: ${proof.claim}`);
  return run;
}

if (import.meta.main) process.exit(await main());

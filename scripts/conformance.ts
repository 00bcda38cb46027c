/**
 * `npm run conformance`: the official MCP conformance suite, for what both revisions require of servers and clients.
 * As a server the product is a real process with a governing policy in force, in front of a fixture server over HTTP
 * and over stdio; each run also proves that the policy governs (a block fails the scenario with our error) and that
 * every call has its evidence. As a client it is the product's own upstream leg.
 * Prints passed/total per side and revision. What may fail stands with its reason in
 * tests/conformance/expected-failures.yaml; an entry that passes is stale, and stale is a failure.
 */
import { CLIENT_RUNS, runAsClient } from "./conformance/as-client.ts";
import { runAsServer, SERVER_RUNS } from "./conformance/as-server.ts";
import { judge, readExpectedFailures } from "./conformance/expected-failures.ts";
import type { SuiteRun } from "./conformance/run-suite.ts";

async function main(): Promise<number> {
  const runs: SuiteRun[] = [];
  for (const run of SERVER_RUNS) runs.push(show(await runAsServer(run)));
  for (const run of CLIENT_RUNS) runs.push(show(await runAsClient(run)));
  const verdict = judge(runs, readExpectedFailures());
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

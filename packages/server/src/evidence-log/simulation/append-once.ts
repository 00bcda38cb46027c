/**
 * A program for the tests of other runtimes: opens a log in the folder of its argument with the real writer thread,
 * records one action, exports the session, and prints the verdicts of the offline verifier.
 */
import { parseTrustPolicy, utf8Encode, verifyBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { loadRuntime } from "../../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../../runtime/sources.ts";
import { EXIT_LOG_FAILED, openEvidenceLog } from "../evidence-log.ts";

const runtime = await loadRuntime();
const clock = createSystemClock();
const log = await openEvidenceLog({
  folder: process.argv[2] ?? "",
  logName: "test.invalid/once",
  clock,
  random: systemRandom,
  openSqlite: (path) => runtime.openSqlite(path),
  ids: createUuidIds(clock, systemRandom),
  limits: { ballastBytes: 0, reserveBytes: 0 },
  onFatal: (error) => {
    console.error(error);
    process.exit(EXIT_LOG_FAILED);
  },
});

const session = { tenant: "t", sid: "s1" };
const policy = `sha256:${"b".repeat(64)}`;
await log.append({ ...session, kind: "policy.load", p: { policy }, disclosures: {} });
const { leaf } = await log.append({
  ...session,
  kind: "decision",
  p: { effect: "allow", policy },
  disclosures: { args: { ratio: 0.5 } },
});
const outcome = { ...session, kind: "outcome", p: { status: "executed" }, ref: { decision: leaf } } as const;
await log.append({ ...outcome, disclosures: { response: "ok" } });

const trust = parseTrustPolicy(nodeCrypto, log.trustPolicy());
const report = await verifyBundle(utf8Encode(await log.exportSession(session)), { crypto: nodeCrypto, policy: trust });
const { consistent, complete, paired } = report.verdicts;
const { total_records } = await log.verifySession(session);
console.log(`${[consistent, complete, paired].map(({ verdict }) => verdict).join(" ")}, ${total_records} records`);
await log.close();

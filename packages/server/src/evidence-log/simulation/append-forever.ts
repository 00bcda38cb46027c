/**
 * A process for the tests that kill one: opens the log in the folder of its first argument and appends actions on
 * several sessions, printing the leaf hash of each record once it is durable. With `close` it only opens and closes.
 */
import { writeSync } from "node:fs";
import { loadRuntime } from "../../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../../runtime/sources.ts";
import { EXIT_LOG_FAILED, openEvidenceLog } from "../evidence-log.ts";

const SESSIONS = 8;

const [, , folder = "", mode = "append"] = process.argv;
const runtime = await loadRuntime();
const clock = createSystemClock();
const log = await openEvidenceLog({
  folder,
  logName: "test.invalid/killed",
  clock,
  ids: createUuidIds(clock, systemRandom),
  random: systemRandom,
  openSqlite: (path) => runtime.openSqlite(path),
  limits: { ballastBytes: 0, reserveBytes: 0, segmentBytes: 64 * 1024, checkpointSpacingMs: 5 },
  onFatal: () => process.exit(EXIT_LOG_FAILED),
});

if (mode === "close") {
  await log.close();
  process.exit(0);
}
await Promise.all(Array.from({ length: SESSIONS }, (_, i) => actForever(`s${i}`)));

/** A pipe write is one system call: a line that was printed was acknowledged before. */
async function actForever(sid: string): Promise<never> {
  for (;;) {
    const chain = { tenant: "t", sid };
    const decision = await log.append({
      ...chain,
      kind: "decision",
      p: { effect: "allow" },
      disclosures: { args: "x".repeat(300) },
    });
    writeSync(1, `${decision.leaf}\n`);
    const outcome = { ...chain, kind: "outcome", p: { status: "executed" }, ref: { decision: decision.leaf } } as const;
    writeSync(1, `${(await log.append({ ...outcome, disclosures: { response: "ok" } })).leaf}\n`);
  }
}

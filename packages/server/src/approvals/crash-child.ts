/**
 * For approvals.crash.test.ts: asks, approves and claims on a real database file as fast as it can, and writes one
 * line after each step that has returned. It is killed in the middle of it.
 */
import { loadRuntime } from "../runtime/runtime.ts";
import { createEmbeddedApprovalStore } from "../storage/embedded/approval-store.ts";
import { openDatabase } from "../storage/embedded/database.ts";

const [folder = "", run = ""] = process.argv.slice(2);
const store = createEmbeddedApprovalStore(openDatabase(await loadRuntime(), folder));
const say = (step: string, id: string): void => {
  process.stdout.write(`${step} ${id}\n`);
};

for (let index = 0; ; index += 1) {
  const id = `${run}-${index}`;
  const key = { tenant: "t", requester: "agent", fingerprint: id, policyHash: "p" };
  const nowMs = Date.now();
  store.insertPending(
    {
      ...key,
      id,
      sid: "s",
      status: "pending",
      submittedAtMs: nowMs,
      expiresAtMs: nowMs + 3_600_000,
      envelopeJson: "{}",
      decisionJson: "{}",
      decisionLeaf: "d",
      requestLeaf: "r",
    },
    1_000_000,
  );
  say("asked", id);
  if (index % 3 === 0) continue;
  store.settle(id, { to: "approved", atMs: nowMs, reviewer: "boss", comment: "", voteLeaf: "v" });
  say("approved", id);
  if (index % 3 === 1) continue;
  if (store.consume({ ...key, atMs: nowMs }) !== undefined) say("claimed", id);
  // Pipes are asynchronous: without a turn of the loop the lines would never leave.
  await new Promise((resolve) => setImmediate(resolve));
}

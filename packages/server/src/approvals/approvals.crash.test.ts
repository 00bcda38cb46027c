import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ApprovalStatus } from "../governance/ports.ts";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { createEmbeddedApprovalStore } from "../storage/embedded/approval-store.ts";
import { openDatabase } from "../storage/embedded/database.ts";

/** Kills of a real process in the middle of its work. */
const KILL_CYCLES = Number(process.env.AEGISFLOW_KILL_CYCLES ?? 6);
const CHILD = fileURLToPath(new URL("./crash-child.ts", import.meta.url));

/** What the child had said before it died: the last step of each approval. */
async function runAndKill(folder: string, run: number): Promise<ReadonlyMap<string, string>> {
  const child = spawn(process.execPath, [CHILD, folder, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const closed = new Promise((resolve) => child.on("close", resolve));
  child.stdout.on("data", (data: Buffer) => {
    if (said === "") setTimeout(() => child.kill("SIGKILL"), 40 + ((run * 37) % 100));
    said += data.toString();
  });
  await closed;
  // The last line may be torn.
  const lines = said.slice(0, said.lastIndexOf("\n")).split("\n");
  return new Map(lines.map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))]));
}

const LATER: Readonly<Record<string, readonly ApprovalStatus[]>> = {
  asked: ["pending", "approved", "consumed"],
  approved: ["approved", "consumed"],
  claimed: ["consumed"],
};

test("a process killed in the middle loses nothing it has acknowledged, and no approval is spent twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aegis-"));
  let checked = 0;
  for (let run = 0; run < KILL_CYCLES; run += 1) {
    const said = await runAndKill(folder, run);
    const database = openDatabase(bunRuntime, folder);
    const store = createEmbeddedApprovalStore(database);
    for (const [id, step] of said) {
      expect(LATER[step]).toContain(store.get(id)?.status ?? "expired");
      const key = { tenant: "t", requester: "agent", fingerprint: id, policyHash: "p", atMs: Date.now() };
      if (step === "claimed") expect(store.consume(key)).toBeUndefined();
      if (step === "approved" && checked % 7 === 0) {
        const wasApproved = store.get(id)?.status === "approved";
        expect(store.consume(key) !== undefined).toBe(wasApproved);
        expect(store.consume(key)).toBeUndefined();
      }
      checked += 1;
    }
    expect(database.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
    const pending = database.get("SELECT count(*) AS n FROM approval WHERE status = 'pending'")?.n;
    expect(store.countPending("t")).toBe(Number(pending));
    database.close();
  }
  expect(checked).toBeGreaterThan(KILL_CYCLES);
  rmSync(folder, { recursive: true });
}, 120_000);

test("100,000 pending requests do not slow the questions down", () => {
  const store = createEmbeddedApprovalStore(openDatabase(bunRuntime, ":memory:"));
  const row = (index: number) => ({
    id: `id-${index}`,
    tenant: `t${index % 4}`,
    sid: "s",
    requester: `agent-${index % 50}`,
    fingerprint: `f-${index}`,
    policyHash: "p",
    status: "pending" as const,
    submittedAtMs: index,
    expiresAtMs: 1_000_000_000,
    envelopeJson: "{}",
    decisionJson: "{}",
    decisionLeaf: "d",
    requestLeaf: "r",
  });
  const fill = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) store.insertPending(row(index), 1_000_000);
  };
  let next = 200_000;
  const questionsUs = (): number => {
    const startedMs = performance.now();
    for (let round = 0; round < 200; round += 1) {
      const { id, tenant, requester, fingerprint, policyHash } = row(next);
      const key = { tenant, requester, fingerprint, policyHash };
      store.latestDenial({ ...key, sinceMs: 0 });
      store.insertPending(row(next), 1_000_000);
      store.list({ tenant, statuses: ["pending"], limit: 50 });
      store.settle(id, { to: "approved", atMs: 1, reviewer: "b", comment: "", voteLeaf: "v" });
      store.consume({ ...key, atMs: 2 });
      store.due(10, 100);
      next += 1;
    }
    return ((performance.now() - startedMs) / 200) * 1000;
  };
  fill(0, 1_000);
  questionsUs();
  const fewUs = questionsUs();
  fill(1_000, 100_000);
  const manyUs = questionsUs();
  expect(
    store.countPending("t0") + store.countPending("t1") + store.countPending("t2") + store.countPending("t3"),
  ).toBe(100_000);
  // Logarithmic indexes: a little slower is fair, a scan would be a hundred times slower.
  expect(manyUs).toBeLessThan(Math.max(fewUs * 8, 4_000));
}, 120_000);

/**
 * Durable appends at 1, 8 and 64 busy sessions, and offline verification, beside what this disk and this machine do
 * by themselves in the same minute: an fdatasync, and a SHA-256. Each append is a decision with three committed
 * values, acknowledged after its fdatasync; checkpoints are signed meanwhile as in production.
 */

import { hash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTrustPolicy, utf8Encode, verifyBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import {
  type EvidenceLog,
  EXIT_LOG_FAILED,
  openEvidenceLog,
} from "../packages/server/src/evidence-log/evidence-log.ts";
import { loadRuntime } from "../packages/server/src/runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../packages/server/src/runtime/sources.ts";

const SESSIONS = [1, 8, 64] as const;
const WARM_UP_MS = 1000;
const MEASURED_MS = 3000;
const FSYNC_PROBES = 300;
const VERIFIED_RECORDS = 20_000;

/** Bytes of a typical record's frame; what the disk's own probe writes. */
const PROBE_BYTES = 1200;

const HEADER = {
  action: "0198c5d0-7000-7000-8000-000000000000",
  cap: "write",
  effect: "block",
  engine: "rules",
  fp: `sha256:${"a".repeat(64)}`,
  lat_us: "412",
  policy: `sha256:${"b".repeat(64)}`,
  policy_version: "3",
  proto: "mcp",
  rule: "strict/17",
};
const DISCLOSURES = {
  args: { body: "x".repeat(80), owner: "acme", repo: "api", title: "Fix the login page" },
  target: "acme/api",
  user: "alice@example.com",
};

export interface EvidenceBenchRow {
  readonly sessions: number;
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The disk's own, measured right before. */
  readonly fdatasyncP50Ms: number;
  readonly fdatasyncP99Ms: number;
  /** Processor time per record, all threads. */
  readonly cpuUs: number;
}

export interface EvidenceBenchResult {
  readonly rows: readonly EvidenceBenchRow[];
  readonly verifiedPerSecond: number;
  /** SHA-256 of a record-sized input, so that the verify rate can be judged. */
  readonly hashesPerSecond: number;
}

/** Runs the benchmark and prints it. @param measuredMs of each row */
export async function runEvidenceBench(measuredMs = MEASURED_MS): Promise<EvidenceBenchResult> {
  const folder = mkdtempSync(join(process.env["AEGISFLOW_BENCH_DIR"] ?? tmpdir(), "aegisflow-bench-"));
  try {
    const log = await openBenchLog(folder);
    const rows: EvidenceBenchRow[] = [];
    console.log("evidence: durable appends (3 committed values each)");
    for (const sessions of SESSIONS) {
      const row = await measure(log, folder, sessions, measuredMs);
      rows.push(row);
      printRow(row);
    }
    const verifiedPerSecond = await measureVerify(log);
    const hashesPerSecond = measureHash();
    const ratio = (hashesPerSecond / verifiedPerSecond).toFixed(0);
    console.log(
      `evidence: offline verify ${Math.round(verifiedPerSecond)} records/s (one record costs ${ratio} SHA-256 of its size)`,
    );
    await log.close();
    return { rows, verifiedPerSecond, hashesPerSecond };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openBenchLog(folder: string): Promise<EvidenceLog> {
  const runtime = await loadRuntime();
  const clock = createSystemClock();
  return openEvidenceLog({
    folder: join(folder, "evidence"),
    logName: "bench.invalid/evidence",
    clock,
    random: systemRandom,
    openSqlite: (path) => runtime.openSqlite(path),
    ids: createUuidIds(clock, systemRandom),
    onFatal: (error) => {
      console.error(error);
      process.exit(EXIT_LOG_FAILED);
    },
  });
}

async function measure(
  log: EvidenceLog,
  folder: string,
  sessions: number,
  measuredMs: number,
): Promise<EvidenceBenchRow> {
  await appendFor(log, sessions, Math.min(WARM_UP_MS, measuredMs));
  const disk = probeDisk(folder);
  const cpuBefore = process.cpuUsage();
  const latencies = await appendFor(log, sessions, measuredMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    sessions,
    recordsPerSecond: (latencies.length * 1000) / measuredMs,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    fdatasyncP50Ms: percentile(disk, 0.5),
    fdatasyncP99Ms: percentile(disk, 0.99),
    cpuUs: (user + system) / latencies.length,
  };
}

/** Every session appends, waits, appends: the latencies in milliseconds. */
async function appendFor(log: EvidenceLog, sessions: number, durationMs: number): Promise<number[]> {
  const latencies: number[] = [];
  const endMs = performance.now() + durationMs;
  const run = async (sid: string): Promise<void> => {
    for (let start = performance.now(); start < endMs; start = performance.now()) {
      await log.append({ tenant: "bench", sid, kind: "decision", p: HEADER, disclosures: DISCLOSURES });
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, i) => run(`session-${i}`)));
  return latencies.sort((a, b) => a - b);
}

/** Append and fdatasync of one record's bytes, alone: the floor under every acknowledgement. */
function probeDisk(folder: string): number[] {
  const fd = openSync(join(folder, "probe"), "w");
  try {
    const bytes = Buffer.alloc(PROBE_BYTES, 1);
    const latencies = Array.from({ length: FSYNC_PROBES }, () => {
      const start = performance.now();
      writeSync(fd, bytes);
      fdatasyncSync(fd);
      return performance.now() - start;
    });
    return latencies.sort((a, b) => a - b);
  } finally {
    closeSync(fd);
  }
}

async function measureVerify(log: EvidenceLog): Promise<number> {
  const session = { tenant: "bench", sid: "verified" };
  const append = () => log.append({ ...session, kind: "decision", p: HEADER, disclosures: DISCLOSURES });
  for (let done = 0; done < VERIFIED_RECORDS; done += 1000) await Promise.all(Array.from({ length: 1000 }, append));
  const bundle = utf8Encode(await log.exportSession(session));
  const policy = parseTrustPolicy(nodeCrypto, log.trustPolicy());
  await verifyBundle(bundle, { crypto: nodeCrypto, policy });
  const start = performance.now();
  await verifyBundle(bundle, { crypto: nodeCrypto, policy });
  return (VERIFIED_RECORDS * 1000) / (performance.now() - start);
}

function measureHash(): number {
  const bytes = Buffer.alloc(PROBE_BYTES, 1);
  const start = performance.now();
  for (let i = 0; i < 100_000; i++) hash("sha256", bytes, "hex");
  return (100_000 * 1000) / (performance.now() - start);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function printRow(row: EvidenceBenchRow): void {
  const { sessions, recordsPerSecond, p50Ms, p99Ms, fdatasyncP50Ms, fdatasyncP99Ms, cpuUs } = row;
  const rate = String(Math.round(recordsPerSecond)).padStart(6);
  console.log(
    `  ${String(sessions).padStart(2)} sessions  ${rate} records/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms` +
      `   (disk alone: fdatasync p50 ${fdatasyncP50Ms.toFixed(2)} ms, p99 ${fdatasyncP99Ms.toFixed(2)} ms; ${cpuUs.toFixed(0)} µs cpu per record)`,
  );
}

if (import.meta.main) {
  await runEvidenceBench();
  process.exit(0);
}

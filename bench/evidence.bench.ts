/**
 * Durable appends at 1, 8 and 64 busy sessions, and offline verification, beside what this disk and this machine do
 * by themselves in the same minute: an fdatasync, and a SHA-256. Each append is a decision with three committed
 * values, acknowledged after its fdatasync; checkpoints are signed meanwhile as in production.
 */

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTrustPolicy, utf8Encode, verifyBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type EvidenceLog, EXIT_LOG_FAILED, openEvidenceLog } from "@aegisflow/server/evidence-log/evidence-log";
import { loadRuntime } from "@aegisflow/server/runtime/runtime";
import { createSystemClock, createUuidIds, systemRandom } from "@aegisflow/server/runtime/sources";
import { type Bench, type BenchRow, type Percentiles, percentiles } from "./bench-row.ts";

const SESSIONS = [1, 8, 64] as const;
const WARM_UP_MS = 1000;
const MEASURED_MS = 3000;
const FSYNC_PROBES = 300;
const VERIFIED_RECORDS = 20_000;
const HASHES = 100_000;

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

interface Measured {
  readonly sessions: number;
  readonly recordsPerSecond: number;
  readonly latency: Percentiles;
  /** The disk's own fdatasync, measured right before. */
  readonly disk: Percentiles;
  /** Processor time per record, all threads. */
  readonly cpuUs: number;
}

export const evidenceBench: Bench = async (report) => {
  const folder = mkdtempSync(join(process.env["AEGISFLOW_BENCH_DIR"] ?? tmpdir(), "aegisflow-bench-"));
  try {
    const log = await openBenchLog(folder);
    for (const sessions of SESSIONS) reportAppends(report, await measure(log, folder, sessions));
    const verified = await measureVerify(log);
    const note = `one record costs ${(measureHashes() / verified).toFixed(0)} SHA-256 of its size`;
    const target = { bound: "at-least", value: 30_000 } as const;
    report({ name: "evidence, offline verify", measured: verified, unit: "records/s", target, note });
    await log.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The same, printed. */
export async function runEvidenceBench(): Promise<void> {
  await evidenceBench(({ name, measured, unit, target, note = "" }) => {
    const bound = target === undefined ? "" : `(${target.bound === "at-most" ? "≤" : "≥"} ${target.value})`;
    console.log(
      `${name.padEnd(36)} ${measured.toFixed(measured < 100 ? 2 : 0).padStart(8)} ${unit} ${bound.padEnd(12)} ${note}`.trimEnd(),
    );
  });
}

function reportAppends(
  report: (row: BenchRow) => void,
  { sessions, recordsPerSecond, latency, disk, cpuUs }: Measured,
): void {
  const name = `evidence, ${sessions} session${sessions === 1 ? "" : "s"}`;
  const busiest = sessions === SESSIONS.at(-1);
  const floor = `disk alone: fdatasync p50 ${disk.p50.toFixed(2)} ms, p99 ${disk.p99.toFixed(2)} ms`;
  const bounds = busiest ? { rate: atLeast(30_000), p50: atMost(1.5), p99: atMost(10) } : {};
  report({
    name,
    measured: recordsPerSecond,
    unit: "records/s",
    ...bounds.rate,
    note: `${cpuUs.toFixed(0)} µs cpu each`,
  });
  report({ name: `${name}, p50`, measured: latency.p50, unit: "ms", ...bounds.p50, note: floor });
  report({ name: `${name}, p99`, measured: latency.p99, unit: "ms", ...bounds.p99 });
}

function atLeast(value: number): Pick<BenchRow, "target"> {
  return { target: { bound: "at-least", value } };
}

function atMost(value: number): Pick<BenchRow, "target"> {
  return { target: { bound: "at-most", value } };
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

async function measure(log: EvidenceLog, folder: string, sessions: number): Promise<Measured> {
  await appendFor(log, sessions, WARM_UP_MS);
  const disk = percentiles(probeDisk(folder));
  const cpuBefore = process.cpuUsage();
  const latencies = await appendFor(log, sessions, MEASURED_MS);
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    sessions,
    recordsPerSecond: (latencies.length * 1000) / MEASURED_MS,
    latency: percentiles(latencies),
    disk,
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
  return latencies;
}

/** Append and fdatasync of one record's bytes, alone: the floor under every acknowledgement. */
function probeDisk(folder: string): number[] {
  const fd = openSync(join(folder, "probe"), "w");
  try {
    const bytes = Buffer.alloc(PROBE_BYTES, 1);
    return Array.from({ length: FSYNC_PROBES }, () => {
      const start = performance.now();
      writeSync(fd, bytes);
      fdatasyncSync(fd);
      return performance.now() - start;
    });
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

function measureHashes(): number {
  const bytes = Buffer.alloc(PROBE_BYTES, 1);
  const start = performance.now();
  for (let i = 0; i < HASHES; i++) nodeCrypto.sha256Hex(bytes);
  return (HASHES * 1000) / (performance.now() - start);
}

if (import.meta.main) {
  await runEvidenceBench();
  process.exit(0);
}

/** The evidence bench as rows with targets: what many sessions at once get from one disk. */
import type { BenchRow } from "./bench-row.ts";
import { runEvidenceBench } from "./evidence.bench.ts";

/** Sessions at once that the targets speak of. */
const TARGET_SESSIONS = 64;
const RECORDS_PER_SECOND = 30_000;
const P50_MS = 1.5;
const P99_MS = 10;

export async function evidenceBench(report: (row: BenchRow) => void): Promise<void> {
  const { rows, verifiedPerSecond, hashesPerSecond } = await runEvidenceBench();
  for (const { sessions, recordsPerSecond, p50Ms, p99Ms, fdatasyncP50Ms, cpuUs } of rows) {
    const name = `evidence append, ${sessions} session${sessions === 1 ? "" : "s"}`;
    const hasTarget = sessions === TARGET_SESSIONS;
    const atMost = (value: number): Pick<BenchRow, "target"> =>
      hasTarget ? { target: { bound: "at-most", value } } : {};
    const atLeast: Pick<BenchRow, "target"> = hasTarget
      ? { target: { bound: "at-least", value: RECORDS_PER_SECOND } }
      : {};
    const ratio = `${(p50Ms / fdatasyncP50Ms).toFixed(1)} × the disk's fdatasync p50 of ${fdatasyncP50Ms.toFixed(2)} ms`;
    report({ name: `${name}, p50`, measured: p50Ms, unit: "ms", ...atMost(P50_MS), note: ratio });
    report({ name: `${name}, p99`, measured: p99Ms, unit: "ms", ...atMost(P99_MS) });
    report({
      name: `${name}, rate`,
      measured: recordsPerSecond,
      unit: "records/s",
      ...atLeast,
      note: `${cpuUs.toFixed(0)} µs of processor each`,
    });
  }
  report({
    name: "evidence verified offline",
    measured: verifiedPerSecond,
    unit: "records/s",
    target: { bound: "at-least", value: RECORDS_PER_SECOND },
    note: `${(hashesPerSecond / verifiedPerSecond).toFixed(0)} SHA-256 of its size each`,
  });
}

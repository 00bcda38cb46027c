/** What a bench reports: one measured figure, with its target where there is one. */

export interface BenchTarget {
  /** `at-most` for times and sizes, `at-least` for rates. */
  readonly bound: "at-most" | "at-least";
  readonly value: number;
}

export interface BenchRow {
  /** What was measured: `decision, 1000 rules`. */
  readonly name: string;
  readonly measured: number;
  /** `µs`, `ms`, `MB`, `records/s` … */
  readonly unit: string;
  readonly target?: BenchTarget;
  /** A figure to hold beside it: a limit of the machine or of the runtime, and the ratio to it. */
  readonly note?: string;
}

/** Runs to the end and reports as it goes. */
export type Bench = (report: (row: BenchRow) => void) => Promise<void>;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** @param samples at least one, any order. */
export function percentiles(samples: readonly number[]): Percentiles {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

export function meetsTarget(row: BenchRow): boolean {
  if (row.target === undefined) return true;
  return row.target.bound === "at-most" ? row.measured <= row.target.value : row.measured >= row.target.value;
}

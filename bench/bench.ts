/**
 * `npm run bench [-- NAME…]`: every bench one after the other, with targets beside what was measured here and now.
 * The limits of the disk and of the runtime are measured in the same run: on another machine read the ratios.
 * A missed target is shown, not failed; a bench that breaks fails the run.
 */
import { cpus, totalmem } from "node:os";
import { type Bench, type BenchRow, meetsTarget } from "./bench-row.ts";

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  limits: async () => (await import("./limits.bench.ts")).limitsBench,
  decision: async () => (await import("./decision.bench.ts")).decisionBench,
  evidence: async () => (await import("./evidence.bench.ts")).evidenceBench,
  action: async () => (await import("./action.bench.ts")).actionBench,
  process: async () => (await import("./process.bench.ts")).processBench,
};

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => BENCHES[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, ${runtimeName()}\n`,
  );
  console.log(formatLine(["", "measured", "target", "", "beside it"]));
  let missed = 0;
  for (const [name, load] of Object.entries(BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const bench = await load();
    await bench((row) => {
      if (!meetsTarget(row)) missed += 1;
      console.log(formatRow(row));
    });
  }
  console.log(missed === 0 ? "\nevery target was met" : `\n${missed} targets were missed here`);
}

function runtimeName(): string {
  return process.versions.bun === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions.bun}`;
}

function formatRow(row: BenchRow): string {
  const { target } = row;
  const bound = target === undefined ? "" : `${target.bound === "at-most" ? "≤" : "≥"} ${formatFigure(target.value)}`;
  const verdict = target === undefined ? "" : meetsTarget(row) ? "met" : "MISSED";
  return formatLine([row.name, `${formatFigure(row.measured)} ${row.unit}`, bound, verdict, row.note ?? ""]);
}

function formatLine([name = "", measured = "", target = "", verdict = "", note = ""]: readonly string[]): string {
  return `${name.padEnd(46)}${measured.padStart(18)}${target.padStart(12)}  ${verdict.padEnd(8)}${note}`.trimEnd();
}

/** Three significant digits; thousands apart. */
function formatFigure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString("en-GB", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

await main();

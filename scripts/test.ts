/**
 * `npm test`: runs every suite of the repository with `bun test`, two files at a time, and ends with one line
 * `N passed, N failed[, N skipped]`. Paths or bun flags given after `--` narrow the run (`npm test -- packages/core`).
 * AEGISFLOW_CI_STRICT=1 makes a test that was skipped for want of something installable a failure.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { isAvoidableSkip, parseTestReport, type SkippedTest, type TestReport, totalsLine } from "./test-report.ts";

const SUITE_FOLDERS = ["packages", "scripts", "tests", "bench", "examples"];
/** More workers than this disturb the suites that measure time or start servers. */
const WORKERS_MAX = 4;

/** One test that takes longer hangs; the longest ones start servers and browsers on a busy machine. */
const TEST_TIMEOUT_MS = 120_000;

const repository = join(import.meta.dirname, "..");

async function main(): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), "aegisflow-test-"));
  const reportFile = join(scratch, "report.xml");
  try {
    const status = await runBunTest(reportFile, process.argv.slice(2));
    const report = existsSync(reportFile) ? parseTestReport(readFileSync(reportFile, "utf8")) : undefined;
    return printResult(status, report ?? { passed: 0, failed: 0, skipped: [] });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runBunTest(reportFile: string, narrowing: readonly string[]): Promise<number> {
  const folders = SUITE_FOLDERS.filter((folder) => existsSync(join(repository, folder))).map((folder) => `./${folder}`);
  const workers = Math.max(1, Math.min(WORKERS_MAX, availableParallelism()));
  const args = [
    "test",
    `--parallel=${workers}`,
    "--only-failures",
    `--timeout=${TEST_TIMEOUT_MS}`,
    "--reporter=junit",
    `--reporter-outfile=${reportFile}`,
    ...(narrowing.length > 0 ? narrowing : folders),
  ];
  const child = spawn(process.execPath, args, { cwd: repository, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function printResult(status: number, report: TestReport): number {
  for (const test of report.skipped) console.log(describeSkip(test));
  const strict = process.env.AEGISFLOW_CI_STRICT === "1";
  const refused = strict ? report.skipped.filter(isAvoidableSkip) : [];
  for (const test of refused) console.log(`failed: skipped in a strict run: ${test.name}`);
  // A crash or a file that does not load is a failure even when no single test was counted as failed.
  const unexplained = status !== 0 && report.failed === 0 ? 1 : 0;
  if (unexplained > 0) console.log(`failed: bun test ended with status ${status}`);
  const failed = report.failed + refused.length + unexplained;
  console.log(totalsLine(report.passed, failed, report.skipped.length - refused.length));
  return failed === 0 && report.passed > 0 ? 0 : 1;
}

function describeSkip(test: SkippedTest): string {
  return `skipped: ${test.name} (${test.file}): ${test.needs ?? "gives no reason"}`;
}

process.exitCode = await main();

/** Runs one program to its end and keeps what it said. */
import { execFile } from "node:child_process";

export interface Ended {
  readonly status: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

const TIMEOUT_MS = 30_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export function runProgram(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  input = "",
): Promise<Ended> {
  const [program = "", ...args] = argv;
  const options = { cwd, env, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
    // A program that ended without reading is no failure of ours.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/**
 * `npm run check`: everything that can be said about the sources without running them. One line per step; the first
 * step that fails shows what it found and ends the run with status 1.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface CheckStep {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const root = join(import.meta.dirname, "..");
const tool = (name: string): string => join(root, "node_modules", ".bin", name);

export const CHECK_STEPS: readonly CheckStep[] = [
  { name: "types", command: [tool("tsc"), "-p", ".", "--noEmit"] },
  {
    name: "format and lint (biome)",
    command: [tool("biome"), "check", "--error-on-warnings", "--max-diagnostics=50", "."],
  },
  { name: "lint with types (oxlint)", command: [tool("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "layers", command: [process.execPath, join(root, "scripts", "check-layers.ts")] },
  { name: "generated files", command: [process.execPath, join(root, "scripts", "generate.ts"), "--check"] },
];

async function main(): Promise<number> {
  for (const { name, command } of CHECK_STEPS) {
    const started = performance.now();
    const { status, output } = await run(command);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    if (status !== 0) {
      console.error(output.trimEnd());
      return 1;
    }
  }
  return 0;
}

function run([program, ...args]: CheckStep["command"]): Promise<{ readonly status: number; readonly output: string }> {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

if (import.meta.main) process.exit(await main());

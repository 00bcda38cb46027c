/** The server as a process: how long until it answers /health, and how much memory it holds when idle. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";
import { type BenchRow, percentiles } from "./bench-row.ts";

const REPOSITORY = resolve(import.meta.dirname, "..");
const STARTS = 7;
const IDLE_MS = 10_000;
const START_TARGET_MS = 300;
const RSS_TARGET_MB = 60;

export async function processBench(report: (row: BenchRow) => void): Promise<void> {
  const commands = [
    { name: "from source", command: [process.execPath, join(REPOSITORY, "packages/server/src/main.ts")] },
  ];
  const binary = join(REPOSITORY, "dist/aegisflow");
  if (existsSync(binary)) commands.push({ name: "single binary", command: [binary] });
  for (const { name, command } of commands) {
    const starts = await measureStarts(command);
    report({
      name: `start until /health, ${name}, p50 of ${STARTS}`,
      measured: percentiles(starts).p50,
      unit: "ms",
      target: { bound: "at-most", value: START_TARGET_MS },
    });
    const memory = await measureIdleMemory(command);
    report({
      name: `memory after ${IDLE_MS / 1000} s idle, ${name}`,
      measured: memory.residentMegabytes,
      unit: "MB",
      target: { bound: "at-most", value: RSS_TARGET_MB },
      note: `resident set; ${memory.privateMegabytes.toFixed(0)} MB of it private, the rest pages of the program's file`,
    });
  }
}

/** Milliseconds of each start on a data folder that exists; the first start, which makes keys, is not counted. */
async function measureStarts(command: readonly string[]): Promise<number[]> {
  const first = await startProduct({ command, config: idleConfig });
  await first.stop();
  const samples: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    const startedMs = performance.now();
    const product = await restart(first, command);
    samples.push(performance.now() - startedMs);
    await product.stop();
  }
  rmSync(first.home, { recursive: true, force: true });
  return samples;
}

async function measureIdleMemory(command: readonly string[]): Promise<Memory> {
  const product = await startProduct({ command, config: idleConfig });
  try {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return memoryOf(product.pid);
  } finally {
    await product.stop();
    rmSync(product.home, { recursive: true, force: true });
  }
}

function restart({ home, ports, adminKey }: Product, command: readonly string[]): Promise<Product> {
  return startProduct({ command, config: idleConfig, home, ports, adminKey });
}

function idleConfig(ports: ProductPorts): string {
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
policy_packs: [pr-writer]
mcp_gateway: { enabled: true, port: ${ports.mcp} }
`;
}

interface Memory {
  readonly residentMegabytes: number;
  readonly privateMegabytes: number;
}

function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1000;
  return { residentMegabytes: megabytes("VmRSS"), privateMegabytes: megabytes("RssAnon") };
}

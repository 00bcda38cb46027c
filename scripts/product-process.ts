/**
 * Starts the real product as a process for the demo and the smoke test: own data folder, own free ports,
 * a config file, and the keys that a first start prints. Nothing here reaches into the server's code.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ProductPorts {
  readonly gateway: number;
  readonly admin: number;
  readonly mcp: number;
}

export interface Product {
  readonly home: string;
  readonly pid: number;
  readonly ports: ProductPorts;
  readonly adminUrl: string;
  readonly mcpUrl: string;
  /** Printed by the first start of this data folder only. */
  readonly adminKey: string;
  readonly agentKey: string;
  /** Everything the process wrote so far. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProductOptions {
  /** argv of the server without `--config`, e.g. `[bun, main.ts]` or `[dist/aegisflow]`. */
  readonly command: readonly string[];
  /** The YAML of this start; a restart passes the same ports again. */
  readonly config: (ports: ProductPorts) => string;
  readonly home?: string;
  readonly ports?: ProductPorts;
  readonly adminKey?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A start slower than this is a failure. */
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

export async function startProduct(options: ProductOptions): Promise<Product> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "aegisflow-"));
  const ports = options.ports ?? (await freePorts());
  const configFile = join(home, "aegisflow.yaml");
  writeFileSync(configFile, options.config(ports));
  const [program = "", ...args] = options.command;
  const child = spawn(program, [...args, "--config", configFile], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, AEGISFLOW_HOME: home, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const adminUrl = `http://127.0.0.1:${ports.admin}`;
  await untilHealthy(child, `${adminUrl}/health`, () => output);
  const adminKey = options.adminKey ?? /admin key\s+(\S+)/.exec(output)?.[1];
  if (adminKey === undefined) throw new Error(`the first start printed no admin key:\n${output}`);
  return {
    home,
    pid: child.pid ?? 0,
    ports,
    adminUrl,
    mcpUrl: `http://127.0.0.1:${ports.mcp}/mcp`,
    adminKey,
    agentKey: readFileSync(join(home, "agent.key"), "utf8").trim(),
    output: () => output,
    stop: (signal = "SIGTERM") => stopProcess(child, signal),
  };
}

async function untilHealthy(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server exited with ${child.exitCode}:\n${output()}`);
    const healthy = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    // Keys are made once the ports are open, and the banner shows them: it comes a moment later.
    if (healthy && output().includes("gateway ")) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGKILL");
  throw new Error(`the server was not healthy within ${START_TIMEOUT_MS} ms:\n${output()}`);
}

function stopProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.once("exit", (code) => {
      clearTimeout(hard);
      resolve(code);
    });
    child.kill(signal);
  });
}

/** Free at the time of asking; a start that loses the race fails with the port's name. */
async function freePorts(): Promise<ProductPorts> {
  const servers = await Promise.all([listenAnywhere(), listenAnywhere(), listenAnywhere()]);
  const [gateway, admin, mcp] = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  if (gateway === undefined || admin === undefined || mcp === undefined) throw new Error("no free ports");
  return { gateway, admin, mcp };
}

function listenAnywhere(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

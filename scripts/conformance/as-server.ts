/**
 * The product as the server under test: a real process, every tool, prompt and resource allowed by name and everything
 * else blocked, in front of the fixture server. Once more with one of the tools blocked: the scenario must then fail
 * with our error, or nothing was governed.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANSWERED, startEverythingServer } from "../../tests/conformance/everything-server.ts";
import { type Product, type ProductPorts, startProduct } from "../product-process.ts";
import { proveEvidence } from "./prove-evidence.ts";
import {
  type ProductRuntime,
  type Proof,
  programOf,
  REPOSITORY,
  type Revision,
  runRequirements,
  runSuite,
  type SuiteRun,
} from "./run-suite.ts";

const BLOCKED = "blocked by policy: test_simple_text";

/** How the gateway reaches the fixture, for each revision its clients speak. */
export interface ServerRun {
  readonly revision: Revision;
  readonly transport: "http" | "stdio";
  readonly protocol: "modern" | "legacy";
  readonly runtime: ProductRuntime;
}

export const SERVER_RUNS: readonly ServerRun[] = [
  { revision: "2025-11-25", transport: "http", protocol: "legacy", runtime: "bun" },
  { revision: "2025-11-25", transport: "stdio", protocol: "legacy", runtime: "bun" },
  { revision: "2025-11-25", transport: "http", protocol: "modern", runtime: "bun" },
  { revision: "2026-07-28", transport: "http", protocol: "modern", runtime: "bun" },
  { revision: "2026-07-28", transport: "stdio", protocol: "modern", runtime: "bun" },
  { revision: "2025-11-25", transport: "stdio", protocol: "legacy", runtime: "node" },
  { revision: "2026-07-28", transport: "http", protocol: "modern", runtime: "node" },
];

export async function runAsServer(run: ServerRun): Promise<SuiteRun> {
  const folder = mkdtempSync(join(tmpdir(), "aegisflow-conformance-"));
  const callLog = join(folder, "calls.log");
  const fixture = run.transport === "http" ? startEverythingServer(0, callLog) : undefined;
  const upstream =
    fixture === undefined ? stdioUpstream(run, callLog) : `url: ${fixture.url}, protocol: ${run.protocol}`;
  try {
    const { required, optional, proof } = await withProduct(run, upstream, "", async (product) => {
      const result = await runRequirements("server", ["--url", localUrl(product)], run.revision);
      return { ...result, proof: await proveEvidence(product, readCalls(callLog, run)) };
    });
    const governs = await proveGoverned(upstream, run);
    return {
      revision: run.revision,
      side: `server on ${run.runtime}, ${run.protocol} upstream over ${run.transport}`,
      required,
      optional,
      proofs: [proof, governs],
    };
  } finally {
    await fixture?.close();
    rmSync(folder, { recursive: true });
  }
}

function stdioUpstream({ protocol }: ServerRun, callLog: string): string {
  const args = [join(REPOSITORY, "tests/conformance/everything-server.ts"), "--stdio", "--log", callLog];
  return `command: ${JSON.stringify(process.execPath)}, args: ${JSON.stringify(args)}, protocol: ${protocol}`;
}

/** A transparent gateway would pass everything; one whose policy governs must not. */
async function proveGoverned(upstream: string, run: ServerRun): Promise<Proof> {
  const rule = `- { id: prove-it, tool: everything.test_simple_text, decision: block }`;
  const output = await withProduct(run, upstream, rule, (product) =>
    runSuite([
      "server",
      "--url",
      localUrl(product),
      "--scenario",
      "tools-call-simple-text",
      "--spec-version",
      run.revision,
      "--verbose",
    ]),
  );
  const isHeld = output.includes("=== Failed Checks ===") && output.includes(BLOCKED);
  return { claim: "a block in the policy fails the scenario with our error", isHeld };
}

async function withProduct<T>(
  { runtime }: ServerRun,
  upstream: string,
  firstRule: string,
  work: (product: Product) => Promise<T>,
): Promise<T> {
  const product = await startProduct({
    command: [programOf(runtime), join(REPOSITORY, "packages/server/src/main.ts")],
    config: (ports) => configOf(ports, upstream, firstRule),
  });
  try {
    return await work(product);
  } finally {
    await product.stop();
    rmSync(product.home, { recursive: true });
  }
}

/** The suite sends no key, hence `require_auth: false`; it calls from `localhost`, which the gateway answers to. */
function configOf(ports: ProductPorts, upstream: string, firstRule: string): string {
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  require_auth: false
  allowed_origins: ["http://localhost:${ports.mcp}"]
  upstreams:
    - { name: everything, ${upstream} }
tool_policies:
  default_decision: block
  rules:
    ${firstRule}
    - { id: fixture-tools, protocol: mcp, tool: "everything.test_*", decision: allow }
    - { id: schema-tool, protocol: mcp, tool: everything.json_schema_2020_12_tool, decision: allow }
    - { id: prompts, protocol: mcp, tool: mcp.prompts.get, target: "test_*", decision: allow }
    - { id: resources, protocol: mcp, tool: mcp.resources.read, target: "test://**", decision: allow }
`;
}

function localUrl({ ports }: Product): string {
  return `http://localhost:${ports.mcp}/mcp`;
}

/**
 * A modern client repeats its call with answers, and each is decided. A legacy client is asked within its call: what
 * the gateway repeats to a modern upstream belongs to the one decision.
 */
function readCalls(callLog: string, { revision }: ServerRun): readonly string[] {
  const lines = readFileSync(callLog, "utf8").split("\n").filter(Boolean);
  const calls = revision === "2026-07-28" ? lines : lines.filter((line) => !line.endsWith(ANSWERED));
  return calls.map((line) => line.replace(ANSWERED, ""));
}

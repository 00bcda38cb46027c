/**
 * `npm run demo`: the product on a temporary data folder, driven by the official MCP client against real MCP servers
 * (the example forge and the npm filesystem server). Every claim is checked; the exit status says whether all held.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { demoActions } from "./demo/actions.ts";
import { demoEvidence } from "./demo/evidence.ts";
import { Transcript } from "./demo/transcript.ts";
import type { DemoWorld } from "./demo/world.ts";
import { type ProductPorts, startProduct } from "./product-process.ts";

const ROOT = resolve(import.meta.dirname, "..");

async function main(): Promise<number> {
  const transcript = new Transcript();
  const world = await startWorld();
  try {
    await demoActions(transcript, world);
    await demoEvidence(transcript, world);
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    console.error(`\nthe server said:\n${world.product.output()}`);
    return 1;
  } finally {
    await world.product.stop();
  }
  console.log(`\n${transcript.steps} passed, 0 failed`);
  return 0;
}

async function startWorld(): Promise<DemoWorld> {
  const workspace = mkdtempSync(join(tmpdir(), "aegisflow-demo-workspace-"));
  writeFileSync(join(workspace, "README.md"), "# A workspace that the agent may read\n");
  const forgeLog = join(mkdtempSync(join(tmpdir(), "aegisflow-demo-forge-")), "calls.jsonl");
  const config = (ports: ProductPorts): string => demoConfig(ports, workspace, forgeLog);
  const command = [process.execPath, join(ROOT, "packages/server/src/main.ts")];
  const world: DemoWorld = {
    workspace,
    forgeLog,
    product: await startProduct({ command, config }),
    async restart(signal) {
      const { home, ports, adminKey } = world.product;
      await world.product.stop(signal);
      world.product = await startProduct({ command, config, home, ports, adminKey });
    },
  };
  return world;
}

function demoConfig(ports: ProductPorts, workspace: string, forgeLog: string): string {
  const filesystem = join(ROOT, "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
policy_packs: [pr-writer]
tool_policies:
  enabled: true
  default_decision: review
  rules:
    - { id: workspace-read, protocol: mcp, tool: "fs.*", capability: read, paths: ["${workspace}/**"], decision: allow }
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  upstreams:
    - name: forge
      tools: ["github.*"]
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(join(ROOT, "packages/server/src/main.ts"))}, example-forge]
      env: { FORGE_CALL_LOG: ${JSON.stringify(forgeLog)} }
    - name: fs
      prefix: fs.
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(filesystem)}, ${JSON.stringify(workspace)}]
`;
}

if (import.meta.main) process.exit(await main());

/**
 * kill -9 on the real server, again and again, while an agent is at work: what was answered is in the evidence, what
 * the upstream executed was decided before, and the whole session still verifies.
 */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseTrustPolicy, verifyBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";
import type { PlainAnswer } from "../scripts/smoke/plain-mcp.ts";

const CYCLES = Number(process.env["AEGISFLOW_KILL_CYCLES"] ?? 40);
const LIMIT_MS = 60_000 + CYCLES * 5_000;
const AGENTS_AT_ONCE = 4;
const MAIN = resolve(import.meta.dirname, "../packages/server/src/main.ts");
const command = [process.execPath, MAIN];
const forgeLog = join(mkdtempSync(join(tmpdir(), "aegisflow-kill-")), "calls.jsonl");

function config({ gateway, admin, mcp }: ProductPorts): string {
  return `
server: { port: ${gateway}, admin_port: ${admin} }
policy_packs: [pr-writer]
mcp_gateway:
  enabled: true
  port: ${mcp}
  upstreams:
    - name: forge
      tools: ["github.*"]
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(MAIN)}, example-forge]
      env: { FORGE_CALL_LOG: ${JSON.stringify(forgeLog)} }
`;
}

/** Stateless (2026-07-28): every call of the key stands in one evidence session, over all restarts. */
async function call({ mcpUrl, agentKey }: Product, name: string): Promise<PlainAnswer> {
  const version = "2026-07-28";
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: { owner: "acme", repo: "api" }, _meta };
  const response = await fetch(mcpUrl, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${agentKey}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": version,
      "Mcp-Method": "tools/call",
      "Mcp-Name": name,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  return (await response.json()) as PlainAnswer;
}

/** Calls without pause until the server is gone; counts the answers. */
async function work(product: Product, answered: { executed: number; blocked: number }): Promise<void> {
  for (;;) {
    for (const tool of ["github.list_repos", "github.delete_repo"]) {
      const answer = await call(product, tool).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.result !== undefined) answered.executed += 1;
      if (answer.error?.code === -32001) answered.blocked += 1;
    }
  }
}

test(
  `${CYCLES} times kill -9: nothing that was answered is lost, and the session verifies`,
  async () => {
    const answered = { executed: 0, blocked: 0 };
    let product = await startProduct({ command, config });
    const { home, ports, adminKey } = product;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const working = Promise.all(Array.from({ length: AGENTS_AT_ONCE }, () => work(product, answered)));
      await new Promise((resolveAfter) => setTimeout(resolveAfter, 60 + ((cycle * 37) % 120)));
      await product.stop("SIGKILL");
      await working;
      product = await startProduct({ command, config, home, ports, adminKey });
    }
    const report = await verifiedSession(product);
    await product.stop();
    const records = report.bundle?.records ?? [];
    const kindOf = (kind: string, word: [string, string]): number =>
      records.filter(({ header }) => header.kind === kind && header.p[word[0]] === word[1]).length;
    const executed = kindOf("outcome", ["status", "executed"]);
    console.log(
      `kill -9 of the server: ${CYCLES} cycles, ${answered.executed} executed and ${answered.blocked} blocked answers, ${records.length} records`,
    );
    for (const name of ["consistent", "complete", "paired"] as const)
      expect(report.verdicts[name]).toMatchObject({ verdict: "PASS" });
    expect(answered.executed).toBeGreaterThan(CYCLES);
    expect(executed).toBeGreaterThanOrEqual(answered.executed);
    expect(kindOf("decision", ["effect", "block"])).toBeGreaterThanOrEqual(answered.blocked);
    expect(forgeCalls()).toBeLessThanOrEqual(kindOf("decision", ["effect", "allow"]));
    expect(forgeCalls()).toBeGreaterThanOrEqual(executed);
  },
  LIMIT_MS,
);

function forgeCalls(): number {
  return existsSync(forgeLog) ? readFileSync(forgeLog, "utf8").split("\n").filter(Boolean).length : 0;
}

async function verifiedSession({ adminUrl, adminKey }: Product) {
  const get = (path: string): Promise<Response> => fetch(`${adminUrl}${path}`, { headers: { "X-API-Key": adminKey } });
  const sessions = (await (await get("/admin/v1/evidence/sessions")).json()) as {
    session_id: string;
    total_actions: number;
  }[];
  const [session] = sessions.toSorted((a, b) => b.total_actions - a.total_actions);
  const bundle = new Uint8Array(
    await (await get(`/admin/v1/evidence/sessions/${session?.session_id}/export`)).arrayBuffer(),
  );
  const { vkey } = (await (await get("/admin/v1/evidence/checkpoint")).json()) as { vkey: string };
  const policy = parseTrustPolicy(nodeCrypto, `log ${vkey}\nquorum none\n`);
  const report = await verifyBundle(bundle, { policy, crypto: nodeCrypto });
  return report;
}

/** Evidence that was set back, deleted or exchanged is noticed by the next start of the real server: exit status 79. */
import { afterEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";

const MAIN = resolve(import.meta.dirname, "../packages/server/src/main.ts");
const command = [process.execPath, MAIN];
const ROLLBACK = 79;
let running: Product | undefined;

afterEach(async () => {
  await running?.stop();
});

function config({ gateway, admin }: ProductPorts): string {
  return `server: { port: ${gateway}, admin_port: ${admin} }\ntool_policies: { rules: [{ tool: "x", decision: allow }] }\n`;
}

/** A stopped server that signed something, was copied, and then signed more. */
async function setBack(
  change: (home: string, copy: string) => void,
): Promise<{ home: string; status: number | null; said: string }> {
  running = await startProduct({ command, config });
  const { home, ports, adminKey } = running;
  await act(running, 3);
  await running.stop();
  const copy = `${home}-copy`;
  cpSync(home, copy, { recursive: true });
  running = await startProduct({ command, config, home, ports, adminKey });
  await act(running, 3);
  await running.stop();
  running = undefined;
  change(home, copy);
  const args = [MAIN, "--config", join(home, "aegisflow.yaml")];
  const env = { ...process.env, AEGISFLOW_HOME: home };
  const { status, stderr } = spawnSync(process.execPath, args, { env, timeout: 8_000 });
  return { home, status, said: stderr.toString() };
}

async function act({ adminUrl, adminKey }: Product, times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    const body = JSON.stringify({ protocol: "mcp", tool: "x", target: String(index) });
    const headers = { "X-API-Key": adminKey, "Content-Type": "application/json" };
    expect((await fetch(`${adminUrl}/admin/v1/test-action`, { method: "POST", headers, body })).status).toBe(200);
  }
}

test("an untouched folder starts again", async () => {
  const { status } = await setBack(() => {});
  // Ended by our own time limit: it was running, and stopped as asked.
  expect(status).toBe(0);
});

test("an evidence folder that was set back to an older copy is refused", async () => {
  const { status, said } = await setBack((home, copy) => {
    rmSync(join(home, "evidence"), { recursive: true });
    cpSync(join(copy, "evidence"), join(home, "evidence"), { recursive: true });
  });
  expect(said).toContain("was set back");
  expect(status).toBe(ROLLBACK);
});

test("an evidence folder that was deleted is refused", async () => {
  const { status } = await setBack((home) => rmSync(join(home, "evidence"), { recursive: true }));
  expect(status).toBe(ROLLBACK);
});

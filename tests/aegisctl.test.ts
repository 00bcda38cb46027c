/**
 * A person's day with aegisctl against the real server: reviews, keys, policy versions, break-glass, evidence. Each
 * command is its own process, as at a keyboard.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";
import { type Ended, runProgram } from "../scripts/smoke/run-program.ts";

const ROOT = resolve(import.meta.dirname, "..");
const MAIN = join(ROOT, "packages/server/src/main.ts");
const AEGISCTL = [process.execPath, join(ROOT, "packages/cli/src/aegisctl.ts")];
/** Each command is a process, and a busy machine starts them slowly. */
setDefaultTimeout(60_000);

const cwd = mkdtempSync(join(tmpdir(), "aegisctl-story-"));

let product: Product;
let operatorKey: string;

beforeAll(async () => {
  product = await startProduct({ command: [process.execPath, MAIN], config: (ports) => configOf(ports, "review") });
  const made = await aegisctl("keys", "create", "olga", "--role", "operator", "--json");
  operatorKey = JSON.parse(made.output).secret;
});
afterAll(async () => {
  await product.stop();
});

function configOf(ports: ProductPorts, defaultDecision: string): string {
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
tool_policies:
  default_decision: ${defaultDecision}
  rules:
    - { id: no-deletes, tool: "github.delete_*", decision: block }
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  upstreams:
    - { name: forge, command: ${JSON.stringify(process.execPath)}, args: ${JSON.stringify([MAIN, "example-forge"])} }
`;
}

function environment(key: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? "",
    AEGISFLOW_ADMIN_URL: product.adminUrl,
    AEGISFLOW_GATEWAY_URL: `http://127.0.0.1:${product.ports.gateway}`,
    AEGISFLOW_MCP_URL: product.mcpUrl,
    AEGISFLOW_API_KEY: key,
  };
}

function aegisctl(...args: string[]): Promise<Ended> {
  return runProgram([...AEGISCTL, ...args], cwd, environment(product.adminKey));
}

function aegisctlAs(key: string, ...args: string[]): Promise<Ended> {
  return runProgram([...AEGISCTL, ...args], cwd, environment(key));
}

async function askForReview(number: number): Promise<string> {
  const trial = ["--protocol", "mcp", "--tool", "github.merge_pull_request", "--target", "acme/api"];
  const asked = await aegisctl("test-action", ...trial, "--params", `{"pull_number": ${number}}`, "--json");
  const result: { decision: string; approval_id: string } = JSON.parse(asked.output);
  expect(result.decision).toBe("review");
  return result.approval_id;
}

/** The server watches its file; a change is in force a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`it did not happen:\n${product.output()}`);
    await Bun.sleep(100);
  }
}

describe("reviews", () => {
  test("pending shows the arguments, the requester may not approve, another person may, and it is in the history", async () => {
    const id = await askForReview(1);
    const pending = await aegisctl("pending");
    expect(pending.output).toContain(id);
    expect(pending.output).toContain('"pull_number": 1');
    const own = await aegisctl("approve", id);
    expect(own.status).toBe(1);
    const approved = await aegisctlAs(operatorKey, "approve", id, "--comment", "looked at it");
    expect(approved).toEqual({ status: 0, output: `Approved: ${id}\n` });
    const again = await aegisctlAs(operatorKey, "approve", id);
    expect(again.status).toBe(1);
    const history = await aegisctl("approvals", "history");
    expect(history.output).toContain("looked at it");
    const shown = await aegisctl("approvals", "show", id);
    expect(shown.output).toMatch(/Status: +approved by olga|Status: +approved by /);
  });

  test("deny takes a reason, cancel withdraws one's own", async () => {
    const denied = await aegisctlAs(operatorKey, "deny", await askForReview(2), "--reason", "not today");
    expect(denied.status).toBe(0);
    const cancelled = await aegisctl("approvals", "cancel", await askForReview(3));
    expect(cancelled.output).toStartWith("Cancelled: ");
    expect((await aegisctl("pending")).output).toBe("Nothing waits for a person.\n");
  });

  test("an agent's key cannot see or settle them", async () => {
    const id = await askForReview(4);
    expect((await aegisctlAs(product.agentKey, "pending")).status).toBe(1);
    expect((await aegisctlAs(product.agentKey, "approve", id)).status).toBe(1);
    expect((await aegisctlAs("aegis_agent_forged", "pending")).output).toContain("API key");
  });

  test("watch shows what starts to wait and how it ends, until it is interrupted", async () => {
    const watch = spawn(AEGISCTL[0] ?? "", [...AEGISCTL.slice(1), "watch"], {
      cwd,
      env: { ...environment(operatorKey) },
    });
    let output = "";
    watch.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise((done) => watch.on("exit", (status) => done(status)));
    const id = await askForReview(5);
    await until(() => Promise.resolve(output.includes(id)));
    await aegisctlAs(operatorKey, "deny", id);
    await until(() => Promise.resolve(output.includes("is denied by")));
    watch.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});

describe("status", () => {
  test("is healthy, for people and for scripts", async () => {
    const people = await aegisctl("status");
    expect(people.status).toBe(0);
    expect(people.output).toContain("forge");
    const script = await aegisctl("status", "--json");
    expect(JSON.parse(script.output)).toMatchObject({ healthy: true, chain_valid: true, gateway: { healthy: true } });
  });
});

describe("policy", () => {
  test("a changed file is a new version, a bad one is refused and seen, a rollback goes back", async () => {
    const file = join(product.home, "aegisflow.yaml");
    writeFileSync(file, configOf(product.ports, "block"));
    await until(async () => (await aegisctl("policy", "history", "--json")).output.includes('"version": 2'));
    const why = ["test-action", "--dry-run", "--protocol", "mcp", "--tool", "github.list_repos", "--target", "acme"];
    expect((await aegisctl(...why)).output).toContain("BLOCKED");

    writeFileSync(file, `${configOf(product.ports, "block")}\ntool_polices: {}\n`);
    await until(async () => (await aegisctl("status")).status === 1);
    expect((await aegisctl("status")).output).toContain("did you mean `tool_policies`");

    const back = await aegisctl("policy", "rollback", "1", "--reason", "too strict");
    expect(back.output).toStartWith("Rolled back to version 1");
    expect((await aegisctl(...why)).output).toContain("REVIEW REQUIRED");
    expect((await aegisctlAs(operatorKey, "policy", "rollback", "2")).status).toBe(1);
    expect(JSON.parse((await aegisctl("policy", "current")).output).default_decision).toBe("review");
    writeFileSync(file, configOf(product.ports, "review"));
  });
});

describe("keys", () => {
  test("a key is made, works, is rotated and revoked", async () => {
    const made: { key: { id: string }; secret: string } = JSON.parse(
      (await aegisctl("keys", "create", "vera", "--role", "viewer", "--days", "1", "--json")).output,
    );
    expect((await aegisctlAs(made.secret, "whoami")).output).toMatch(/Role: +viewer/);
    expect((await aegisctlAs(made.secret, "keys", "list")).status).toBe(1);
    const rotated: { secret: string } = JSON.parse((await aegisctl("keys", "rotate", made.key.id, "--json")).output);
    expect((await aegisctlAs(made.secret, "whoami")).status).toBe(1);
    expect((await aegisctlAs(rotated.secret, "whoami")).status).toBe(0);
    expect((await aegisctl("keys", "revoke", made.key.id)).status).toBe(0);
    expect((await aegisctlAs(rotated.secret, "whoami")).status).toBe(1);
    expect((await aegisctl("keys", "list")).output).not.toContain(rotated.secret);
  });
});

describe("break-glass", () => {
  test("is granted for minutes, seen, and revoked; by admins only", async () => {
    const grant = ["break-glass", "grant", "--minutes", "5", "--reason", "engine is broken"];
    expect((await aegisctlAs(operatorKey, ...grant)).status).toBe(1);
    const granted: { id: string } = JSON.parse((await aegisctl(...grant, "--json")).output);
    expect((await aegisctl("break-glass", "status")).output).toStartWith("1 in force.\n");
    expect((await aegisctl("status")).output).toContain("IN FORCE");
    expect((await aegisctl("break-glass", "revoke", granted.id)).status).toBe(0);
    expect((await aegisctl("break-glass", "status")).output).toStartWith("No grant is in force.\n");
  });
});

describe("evidence", () => {
  test("a session is exported privately and verifies offline, a changed copy does not, and erasing takes two people", async () => {
    await askForReview(6);
    const sessions: { session_id: string; total_actions: number }[] = JSON.parse(
      (await aegisctl("evidence", "sessions", "--json")).output,
    );
    const [busiest] = sessions.toSorted((a, b) => b.total_actions - a.total_actions);
    const sid = busiest?.session_id ?? "";
    expect((await aegisctl("evidence", "export", sid, "--file", "s.aegis")).status).toBe(0);
    expect(statSync(join(cwd, "s.aegis")).mode & 0o777).toBe(0o600);
    expect((await aegisctl("evidence", "trust-policy", "--file", "trust.policy")).status).toBe(0);
    expect((await aegisctl("evidence", "checkpoint", "--file", "c.note")).status).toBe(0);

    const offline = (...args: string[]): Promise<Ended> =>
      runProgram([...AEGISCTL, ...args], cwd, { PATH: "/usr/bin" });
    const honest = await offline(
      "verify",
      "s.aegis",
      "--policy",
      "trust.policy",
      "--require",
      "consistent,complete,paired",
    );
    expect(honest.status).toBe(0);
    const bundle = readFileSync(join(cwd, "s.aegis"), "utf8");
    writeFileSync(join(cwd, "t.aegis"), bundle.replace('"effect":"review"', '"effect":"allow"'));
    expect((await offline("evidence", "verify", "t.aegis", "--policy", "trust.policy")).status).toBe(2);
    expect((await aegisctl("verify")).status).toBe(0);
    const listed: { kind: string; leaf: string; disclosed: string[] }[] = JSON.parse(
      (await offline("evidence", "records", "s.aegis", "--json")).output,
    );
    const decision = listed.find(({ kind }) => kind === "decision");
    expect(decision?.disclosed).toContain("args");
    const redact = [
      "evidence",
      "redact",
      sid,
      "--leaf",
      decision?.leaf ?? "",
      "--fields",
      "args",
      "--basis",
      "gdpr-17",
    ];
    expect((await aegisctl(...redact)).output).toContain("another administrator");
    const second: { secret: string } = JSON.parse(
      (await aegisctl("keys", "create", "ada", "--role", "admin", "--json")).output,
    );
    expect((await aegisctlAs(second.secret, ...redact)).output).toMatch(/Redacted: +args/);
    const after = await aegisctl("evidence", "records", sid);
    expect(after.output).toContain("(args)");
    expect((await aegisctl("verify", "--session", sid)).status).toBe(0);
    expect((await aegisctl("evidence", "report", sid)).output).toContain(sid);
    expect((await aegisctl("evidence", "report", sid, "--html")).output).toContain("<html");
  });
});

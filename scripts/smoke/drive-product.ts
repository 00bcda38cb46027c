/** One pass over a shipped product: start, govern three calls, export, verify, stop. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shown, type Transcript } from "../demo/transcript.ts";
import { type Product, type ProductPorts, startProduct } from "../product-process.ts";
import type { Shipped } from "../smoke.ts";
import { connectPlainMcp, INITIALIZE_PARAMS, type PlainAnswer } from "./plain-mcp.ts";
import { type Ended, runProgram } from "./run-program.ts";

const MERGE = "github.merge_pull_request";
const MERGE_42 = { owner: "acme", repo: "api", pull_number: 42 };
/** Whatever else is in the environment of a developer must not help the product to work. */
const BARE_ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/nonexistent" };

export async function driveProduct(transcript: Transcript, shipped: Shipped): Promise<void> {
  const version = await runProgram([...shipped.server, "--version"], shipped.folder, BARE_ENVIRONMENT);
  transcript.step(
    "the server says its version",
    version.status === 0 && /^aegisflow \d/.test(version.output),
    version.output.trim(),
  );
  const product = await startProduct({
    command: shipped.server,
    cwd: shipped.folder,
    config: (ports) => smokeConfig(ports, shipped),
  });
  try {
    const aegisctl = (...args: string[]): Promise<Ended> =>
      runProgram([...shipped.aegisctl, ...args], shipped.folder, operatorEnvironment(product));
    await answersPeople(transcript, product, aegisctl);
    await governsCalls(transcript, product, aegisctl);
    await bridgesStdio(transcript, shipped, product);
    await provesIt(transcript, shipped, product, aegisctl);
  } catch (error) {
    console.error(`the server said:\n${product.output()}`);
    throw error;
  } finally {
    await stopAndCheck(transcript, product);
  }
}

type Aegisctl = (...args: string[]) => Promise<Ended>;

async function answersPeople(transcript: Transcript, product: Product, aegisctl: Aegisctl): Promise<void> {
  for (const port of [product.ports.gateway, product.ports.admin]) {
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    transcript.step(`port ${port === product.ports.admin ? "admin" : "gateway"} is healthy`, health.ok, "");
  }
  const whoami = await aegisctl("whoami", "--json");
  transcript.step(
    "aegisctl whoami knows the admin key",
    whoami.status === 0 && whoami.output.includes("admin"),
    shown(whoami.output.trim()),
  );
  const status = await aegisctl("status", "--json");
  transcript.step("aegisctl status is healthy", status.status === 0, shown(status.output.trim()));
}

async function governsCalls(transcript: Transcript, product: Product, aegisctl: Aegisctl): Promise<void> {
  const mcp = await connectPlainMcp(product.mcpUrl, product.agentKey);
  const tools = await mcp.request("tools/list", {});
  const listed = JSON.stringify(tools.result ?? tools);
  transcript.step(
    "tools/list shows what policy lets through",
    listed.includes("github.list_repos") && !listed.includes("github.delete_repo"),
    "",
  );
  const read = await mcp.call("github.list_repos", {});
  transcript.step("an allowed call answers", read.result !== undefined, shown(read.result ?? read, 160));
  const blocked = await mcp.call("github.delete_repo", { owner: "acme", repo: "api" });
  transcript.step("a blocked call says why", blocked.error?.code === -32001, blocked.error?.message ?? "");

  const asked = await mcp.call(MERGE, MERGE_42);
  const approvalId = approvalIdOf(asked);
  transcript.step("a risky call needs approval", approvalId !== "", asked.error?.message ?? "");
  const pending = await aegisctl("pending");
  transcript.step(
    "aegisctl pending shows it with its arguments",
    pending.status === 0 && pending.output.includes("pull_number"),
    pending.output.trim(),
  );
  const approved = await aegisctl("approve", approvalId, "--comment", "smoke");
  transcript.step("aegisctl approves it", approved.status === 0, approved.output.trim());
  const ran = await mcp.call(MERGE, MERGE_42);
  transcript.step("the identical retry runs", ran.result !== undefined, shown(ran.result ?? ran, 160));
  const again = await mcp.call(MERGE, MERGE_42);
  transcript.step("once", approvalIdOf(again) !== "" && approvalIdOf(again) !== approvalId, again.error?.message ?? "");
}

/** As an MCP client starts it: the agent's key comes from the data folder. */
async function bridgesStdio(transcript: Transcript, shipped: Shipped, product: Product): Promise<void> {
  const lines = [
    { jsonrpc: "2.0", id: 1, method: "initialize", params: INITIALIZE_PARAMS },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} },
  ];
  const environment = { ...BARE_ENVIRONMENT, AEGISFLOW_HOME: product.home, AEGISFLOW_MCP_URL: product.mcpUrl };
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const bridged = await runProgram([...shipped.aegisctl, "mcp"], shipped.folder, environment, input);
  const holds = bridged.output.includes('"serverInfo"') && bridged.output.includes("github.list_repos");
  transcript.step(
    "aegisctl mcp bridges a client on stdio",
    bridged.status === 0 && holds,
    shown(bridged.output.trim(), 200),
  );
}

async function provesIt(transcript: Transcript, shipped: Shipped, product: Product, aegisctl: Aegisctl): Promise<void> {
  const session = await longestSession(aegisctl);
  const bundle = join(product.home, "session.aegis");
  const trust = join(product.home, "trust.policy");
  const exported = await aegisctl("evidence", "export", session, "--file", bundle);
  transcript.step("the session is exported", exported.status === 0, exported.output.trim());
  const trusted = await aegisctl("evidence", "trust-policy", "--file", trust);
  transcript.step("the trust policy is written", trusted.status === 0, "");
  const tampered = join(product.home, "tampered.aegis");
  copyFileSync(bundle, tampered);
  writeFileSync(tampered, readFileSync(bundle, "utf8").replace('"effect":"review"', '"effect":"allow"'));
  for (const [name, program] of [
    ["aegisctl", [...shipped.aegisctl, "evidence", "verify"]],
    ["aegisflow-verify.mjs", shipped.verifier],
  ] as const) {
    const honest = await runProgram([...program, bundle, "--policy", trust], shipped.folder, BARE_ENVIRONMENT);
    transcript.step(`${name} accepts it offline`, honest.status === 0, honest.output.trim());
    const refused = await runProgram([...program, tampered, "--policy", trust], shipped.folder, BARE_ENVIRONMENT);
    transcript.step(`${name} refuses a changed copy with status 2`, refused.status === 2, "");
  }
}

async function stopAndCheck(transcript: Transcript, product: Product): Promise<void> {
  const status = await product.stop();
  transcript.step("the server stops cleanly on SIGTERM", status === 0, status === 0 ? "" : product.output());
  rmSync(product.home, { recursive: true, force: true });
}

async function longestSession(aegisctl: Aegisctl): Promise<string> {
  const sessions: { session_id: string; total_actions: number }[] = JSON.parse(
    (await aegisctl("evidence", "sessions", "--json")).output,
  );
  return sessions.toSorted((a, b) => b.total_actions - a.total_actions)[0]?.session_id ?? "";
}

function approvalIdOf(answer: PlainAnswer): string {
  const id = answer.error?.code === -32002 ? answer.error.data?.approval_id : undefined;
  return typeof id === "string" ? id : "";
}

function operatorEnvironment(product: Product): Readonly<Record<string, string>> {
  return {
    ...BARE_ENVIRONMENT,
    AEGISFLOW_ADMIN_URL: product.adminUrl,
    AEGISFLOW_GATEWAY_URL: `http://127.0.0.1:${product.ports.gateway}`,
    AEGISFLOW_MCP_URL: product.mcpUrl,
    AEGISFLOW_API_KEY: product.adminKey,
  };
}

function smokeConfig(ports: ProductPorts, shipped: Shipped): string {
  const [command, ...args] = [...shipped.server, "example-forge"];
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
policy_packs: [pr-writer]
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  upstreams:
    - { name: forge, tools: ["github.*"], command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)} }
`;
}

/**
 * Two agents of two tenants at one gateway, in front of a server that misleads it: what one of them can see, answer,
 * cancel or use up of the other's, and which spellings of a resource get past a rule. The server's own log is the
 * judge of what reached it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";
import { type Answer, modernRpc, rpc, type Sent, sendRaw } from "./attacker.ts";

const MAIN = resolve(import.meta.dirname, "../packages/server/src/main.ts");
const HOSTILE = resolve(import.meta.dirname, "hostile-upstream.ts");
const OTHER_KEY = "other-agent-key-0123456789abcdef0123456789";
const upstreamLog = join(mkdtempSync(join(tmpdir(), "aegisflow-attack-")), "requests.jsonl");
let product: Product;

const config =
  (echo: "review" | "block") =>
  (ports: ProductPorts): string =>
    `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
tenants:
  - { id: acme, name: Acme, api_keys: [{ key: ${OTHER_KEY}, role: agent, actor: acme-agent }] }
tool_policies:
  enabled: true
  default_decision: allow
  rules:
    - { protocol: mcp, tool: mcp.resources.read, target: "file:///etc/**", decision: block }
    - { protocol: mcp, tool: mcp.resources.read, target: "repo://Acme/**", decision: block }
    - { protocol: mcp, tool: mcp.prompts.get, target: ask, decision: review }
    - { protocol: mcp, tool: hostile.echo, decision: ${echo} }
    - { protocol: mcp, tool: hostile.peek, decision: review }
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  wait_for_approval: 20s
  upstreams:
    - name: hostile
      tools: ["*"]
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(HOSTILE)}]
      env: { HOSTILE_LOG: ${JSON.stringify(upstreamLog)} }
`;

beforeAll(async () => {
  product = await startProduct({ command: [process.execPath, MAIN], config: config("review") });
});
afterAll(async () => {
  await product.stop();
});

type Headers = Readonly<Record<string, string>>;
const one = (): Headers => ({ Authorization: `Bearer ${product.agentKey}` });
const two: Headers = { Authorization: `Bearer ${OTHER_KEY}` };

function send(headers: Headers, body: unknown, sent: Sent = {}): Promise<Answer> {
  return sendRaw(product.ports.mcp, { ...sent, body, headers: { ...headers, ...sent.headers } }).answer;
}

function sendModern(key: Headers, method: string, params: object): Promise<Answer> {
  const { body, headers } = modernRpc(method, params);
  return send(key, body, { headers });
}

async function openSession(key: Headers, capabilities: object = {}): Promise<Headers> {
  const clientInfo = { name: "attacker", version: "1" };
  const answer = await send(key, rpc("initialize", { protocolVersion: "2025-06-18", capabilities, clientInfo }));
  return { ...key, "Mcp-Session-Id": String(answer.headers["mcp-session-id"]) };
}

const closeSession = (session: Headers): Promise<Answer> => send(session, "", { method: "DELETE" });

async function askAdmin(path: string): Promise<unknown> {
  const headers = { Authorization: `Bearer ${product.adminKey}` };
  return (await fetch(`${product.adminUrl}/admin/v1/${path}`, { headers })).json();
}

/** Id of the review that waits for exactly these arguments. */
async function pendingOf(canonicalParameters: string): Promise<string | undefined> {
  const { pending } = (await askAdmin("approvals")) as Pending;
  return pending.find(({ envelope }) => envelope.canonical_parameters === canonicalParameters)?.id;
}

interface Pending {
  readonly pending: readonly { readonly id: string; readonly envelope: { readonly canonical_parameters: string } }[];
}

async function policyVersion(): Promise<number> {
  const { policy } = (await askAdmin("status")) as { readonly policy: { readonly version: number } };
  return policy.version;
}

async function approve(id: string): Promise<void> {
  const headers = { Authorization: `Bearer ${product.adminKey}`, "Content-Type": "application/json" };
  const url = `${product.adminUrl}/admin/v1/approvals/${id}/approve`;
  expect((await fetch(url, { method: "POST", headers })).status).toBe(200);
}

/** What the server was asked, by method. */
function reached(method: string): readonly Readonly<Record<string, unknown>>[] {
  if (!existsSync(upstreamLog)) return [];
  const requests = readFileSync(upstreamLog, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return requests.filter((request) => request.method === method).map(({ params }) => params);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await holds()); tries++) await Bun.sleep(25);
  expect(await holds()).toBe(true);
}

test("an honest read goes through, so the refusals below mean something", async () => {
  for (const uri of ["file:///ok/readme", "file:///ok/my%20file", "repo://other/secret?x=%2F"]) {
    expect((await send(one(), rpc("resources/read", { uri }))).json.result.contents[0].uri).toBe(uri);
  }
});

test.each([
  "file:///etc/passwd",
  "FILE:/etc/passwd",
  "file:///%65tc/passwd",
  "file:///%2565tc/passwd",
  "file:////etc/passwd",
  "file:///etc%2fpasswd",
  "file:///x/..%2f..%2fetc/passwd",
  "file:///x/..%5C..%5cetc/passwd",
  "file:///x/%2e%2e/etc/passwd",
  "file://localhost/etc/passwd",
  "file://127.0.0.1/etc/passwd",
  "file:///etc/passwd?x#y",
  "file:///etc\u0000/passwd",
  "file:///et%00c/passwd",
  "file:///et\nc/passwd",
  "/etc/passwd",
  "repo://Acme/secret",
  "repo://ACME/secret",
  "repo://%41cme/secret",
])("no spelling of a blocked resource is read: %j", async (uri) => {
  const before = reached("resources/read").length;
  const answer = await send(one(), rpc("resources/read", { uri }));
  expect([-32001, -32602]).toContain(answer.json.error.code);
  expect(reached("resources/read")).toHaveLength(before);
});

test("a completion is no way around a review, nor a way to smuggle a second reference", async () => {
  const argument = { name: "x", value: "secret", Value: "other" };
  const review = await send(one(), rpc("completion/complete", { ref: { type: "ref/prompt", name: "ask" }, argument }));
  expect(review.json.error.code).toBe(-32001);
  expect(reached("completion/complete")).toEqual([]);
  const ref = { type: "ref/resource", uri: "file:///ok/readme", URI: "file:///etc/passwd" };
  await send(one(), rpc("completion/complete", { ref, argument }));
  const [sent] = reached("completion/complete");
  expect(sent?.["ref"]).toEqual({ type: "ref/resource", uri: "file:///ok/readme" });
  expect(sent?.["argument"]).toEqual({ name: "x", value: "secret" });
});

test("an approved call carries nothing that the reviewer did not see", async () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const _meta = { "evil/path": "/etc/passwd", traceparent, tracestate: "x=1" };
  const held = send(one(), rpc("tools/call", { name: "peek", arguments: { what: 1 }, _meta }));
  await until(async () => (await pendingOf('{"what":1}')) !== undefined);
  await approve((await pendingOf('{"what":1}')) ?? "");
  expect((await held).json.result).toBeDefined();
  expect(reached("tools/call").at(-1)?.["_meta"]).toEqual({ traceparent });
});

test("no line end of Unicode cuts a message to a server in two", async () => {
  const args = { ms: 0, text: "a\u0085b\u2028c\u2029d" };
  const answer = await send(one(), rpc("tools/call", { name: "slow", arguments: args }));
  expect(JSON.parse(answer.json.result.content[0].text)).toEqual(args);
});

test("a question about one client's call is never put to another client", async () => {
  const attacker = await openSession(one(), { elicitation: {} });
  const victim = await openSession(two);
  let heard = "";
  const slow = send(attacker, rpc("tools/call", { name: "slow", arguments: { ms: 1_500 } }), {
    onText: (text) => {
      heard = text;
    },
  });
  await until(() => reached("tools/call").length > 0);
  const answer = await send(victim, rpc("tools/call", { name: "confirm", arguments: { what: "the victim's files" } }));
  expect(answer.text).toContain("cannot tell which client");
  await slow;
  expect(heard).not.toContain("the victim's files");
  await Promise.all([closeSession(attacker), closeSession(victim)]);
});

test("what a server logs about one client's calls is not heard by another", async () => {
  const attacker = await openSession(one());
  let heard = "";
  const listening = sendRaw(product.ports.mcp, {
    method: "GET",
    headers: { ...attacker, Accept: "text/event-stream" },
    onText: (text) => {
      heard = text;
    },
  });
  await until(() => heard.includes("listening"));
  // Two at once, so that the server's lines cannot be told apart.
  const call = (ms: number) => sendModern(two, "tools/call", { name: "slow", arguments: { ms, secret: "of acme" } });
  await Promise.all([call(200), call(250)]);
  await Bun.sleep(200);
  expect(heard).not.toContain("of acme");
  listening.request.destroy();
  await closeSession(attacker);
});

test("a session, its stream and its event ids are worth nothing with another key", async () => {
  const session = await openSession(two);
  const id = session["Mcp-Session-Id"] ?? "";
  const stolen = { ...one(), "Mcp-Session-Id": id };
  const stream = { ...stolen, Accept: "text/event-stream" };
  expect((await send(stolen, rpc("tools/list", {}))).status).toBe(404);
  expect((await send(stream, "", { method: "GET" })).status).toBe(404);
  expect((await send({ ...stream, "Last-Event-ID": "0-0" }, "", { method: "GET" })).status).toBe(404);
  expect((await send(stolen, "", { method: "DELETE" })).status).toBe(404);
  for (const path of [`/mcp/session/${id}`, `/messages?sessionId=${id}`]) {
    expect((await send(one(), rpc("ping", {}), { path })).status).toBe(404);
  }
  expect((await send(session, rpc("ping", {}))).status).toBe(200);
  await closeSession(session);
});

test("equal ids and progress tokens of two clients neither mix answers nor cancel the other's call", async () => {
  const sessions = await Promise.all([openSession(one()), openSession(two)]);
  const call = (at: number) =>
    rpc("tools/call", { name: "slow", arguments: { ms: 600, of: at }, _meta: { progressToken: 7 } }, 7);
  const before = reached("tools/call").length;
  const [attackers, victims] = sessions.map((session, at) => send(session, call(at)));
  await until(() => reached("tools/call").length === before + 2);
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
  expect((await send(sessions[0] ?? {}, cancel)).status).toBe(202);
  await send(one(), { ...cancel, params: { requestId: 7, sessionId: sessions[1]?.["Mcp-Session-Id"] } });
  expect((await attackers)?.json.error.message).toContain("cancelled");
  expect(JSON.parse((await victims)?.json.result.content[0].text)).toEqual({ ms: 600, of: 1 });
  await Promise.all(sessions.map(closeSession));
});

test("forged, foreign and repurposed tokens open nothing", async () => {
  const url = { elicitation: { url: {} } };
  const asked = modernRpc("tools/call", { name: "echo", arguments: { token: 1 } }, url);
  const state = (await send(one(), asked.body, { headers: asked.headers })).json.result.requestState;
  const before = reached("tools/call").length;
  const forged = [state, `${state.slice(0, -2)}AA`, "aegis1.AAAA", `aegis1.${"A".repeat(60)}`];
  for (const requestState of forged) {
    for (const method of ["tools/call", "prompts/get"]) {
      const again = modernRpc(method, { name: "echo", arguments: { token: 1 }, requestState }, url);
      expect((await send(two, again.body, { headers: again.headers })).json.error.code).toBe(-32602);
    }
    expect((await sendModern(one(), "tools/list", { cursor: requestState })).json.error.code).toBe(-32602);
  }
  const changed = modernRpc("tools/call", { name: "echo", arguments: { token: 2 }, requestState: state }, url);
  expect((await send(one(), changed.body, { headers: changed.headers })).json.error.code).toBe(-32602);
  expect(reached("tools/call")).toHaveLength(before);
});

test("one key does not run more at once than its share, whichever transport it comes by", async () => {
  const batch = Array.from({ length: 50 }, (_, at) =>
    rpc("tools/call", { name: "slow", arguments: { ms: 3_000 } }, at),
  );
  const answers = await Promise.all(Array.from({ length: 12 }, () => send(one(), batch)));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(5);
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(7);
  expect((await send(one(), rpc("tools/list", {}))).status).toBe(200);
}, 20_000);

test("one key does not hold more streams than its share, however many it opens at once", async () => {
  let open = 0;
  const streams = Array.from({ length: 120 }, (_, at) => {
    const resourceSubscriptions = Array.from({ length: 40 }, (_, index) => `file:///ok/${at}/${index}`);
    const { body, headers } = modernRpc("subscriptions/listen", { notifications: { resourceSubscriptions } });
    const opened = { value: false };
    const onText = (text: string): void => {
      if (opened.value || !text.includes("acknowledged")) return;
      opened.value = true;
      open += 1;
    };
    return sendRaw(product.ports.mcp, { body, headers: { ...headers, ...one() }, onText });
  });
  await until(() => open >= 32);
  await Bun.sleep(500);
  expect(open).toBe(32);
  for (const { request } of streams) request.destroy();
});

test("an approval does not outlive the policy it was asked under, though the call was held all the while", async () => {
  const held = send(one(), rpc("tools/call", { name: "echo", arguments: { held: true } }));
  await until(async () => (await pendingOf('{"held":true}')) !== undefined);
  const id = (await pendingOf('{"held":true}')) ?? "";
  const version = await policyVersion();
  writeFileSync(join(product.home, "aegisflow.yaml"), config("block")(product.ports));
  await until(async () => (await policyVersion()) > version);
  const before = reached("tools/call").length;
  await approve(id);
  expect((await held).json.error.code).toBe(-32002);
  expect(reached("tools/call")).toHaveLength(before);
}, 20_000);

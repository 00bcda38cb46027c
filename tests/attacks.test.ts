/**
 * An attacker with only the agent's key (or none) against the real server process: every known way around is a test.
 * The forge's own call log is the judge of what was executed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Product, type ProductPorts, startProduct } from "../scripts/product-process.ts";

const MAIN = resolve(import.meta.dirname, "../packages/server/src/main.ts");
const forgeLog = join(mkdtempSync(join(tmpdir(), "aegisflow-attack-")), "calls.jsonl");
let product: Product;

beforeAll(async () => {
  product = await startProduct({ command: [process.execPath, MAIN], config });
});
afterAll(async () => {
  await product.stop();
});

function config(ports: ProductPorts): string {
  return `
server: { host: 127.0.0.1, port: ${ports.gateway}, admin_port: ${ports.admin} }
policy_packs: [pr-writer]
approvals: { max_pending_per_tenant: 200 }
mcp_gateway:
  enabled: true
  port: ${ports.mcp}
  max_request_bytes: 1048576
  upstreams:
    - name: forge
      tools: ["github.*"]
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(MAIN)}, example-forge]
      env: { FORGE_CALL_LOG: ${JSON.stringify(forgeLog)} }
`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an attacker's answers have no schema
  readonly json: any;
}

/** Raw HTTP: fetch would normalise what an attacker wants to send. */
function send(
  path: string,
  body: string,
  headers: Record<string, string | string[]> = {},
  port = product.ports.mcp,
): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...headers },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => done({ status: response.statusCode ?? 0, text, json: jsonOf(text) }));
        response.on("error", fail);
      },
    );
    sent.on("error", (error) => done({ status: 0, text: String(error), json: undefined }));
    sent.end(body);
  });
}

function jsonOf(text: string): unknown {
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

const keyed = (): Record<string, string> => ({ Authorization: `Bearer ${product.agentKey}` });

function modern(name: string, args: object, method = "tools/call"): { body: string; headers: Record<string, string> } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "attacker", version: "1" },
  };
  return {
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { name, arguments: args, _meta } }),
    headers: { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name, ...keyed() },
  };
}

function executed(tool: string): number {
  if (!existsSync(forgeLog)) return 0;
  return readFileSync(forgeLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(`"${tool}"`)).length;
}

const DELETE = "github.delete_repo";
const LIST = "github.list_repos";

test("the honest call works, so the refusals below mean something", async () => {
  const { body, headers } = modern(LIST, {});
  const answer = await send("/mcp", body, headers);
  expect(answer.status).toBe(200);
  expect(answer.json.result.content).toBeDefined();
  expect(executed(LIST)).toBe(1);
});

const SMUGGLED: readonly (readonly [string, (body: string) => string])[] = [
  ["a case-variant of name", (body) => body.replace(`"name":"${DELETE}"`, `"name":"${DELETE}","Name":"${LIST}"`)],
  [
    "a duplicate name, harmless first",
    (body) => body.replace(`"name":"${DELETE}"`, `"name":"${LIST}","name":"${DELETE}"`),
  ],
  [
    "a duplicate name, harmless last",
    (body) => body.replace(`"name":"${DELETE}"`, `"name":"${DELETE}","name":"${LIST}"`),
  ],
  [
    "an escaped duplicate name",
    (body) => body.replace(`"name":"${DELETE}"`, `"name":"${LIST}","n\\u0061me":"${DELETE}"`),
  ],
  ["a case-variant of params", (body) => body.replace('"params":', '"Params":{"name":"github.list_repos"},"params":')],
  [
    "a duplicate method",
    (body) => body.replace('"method":"tools/call"', '"method":"tools/list","method":"tools/call"'),
  ],
  ["a trailing space in the tool name", (body) => body.replaceAll(DELETE, `${DELETE} `)],
  ["a zero-width space in the tool name", (body) => body.replaceAll(DELETE, `github.delete\u200b_repo`)],
  ["an upper-case tool name", (body) => body.replaceAll(DELETE, "GitHub.Delete_Repo")],
  ["a second JSON value after the first", (body) => `${body}${body}`],
  ["a batch with the call inside", (body) => `[${body}]`],
  ["a byte order mark in front", (body) => `\ufeff${body}`],
];

for (const [what, smuggle] of SMUGGLED) {
  test(`${what} does not get a blocked tool executed`, async () => {
    const { body, headers } = modern(DELETE, { owner: "acme", repo: "api" });
    for (const named of [DELETE, LIST]) {
      const answer = await send("/mcp", smuggle(body), { ...headers, "Mcp-Name": named });
      expect(answer.json?.result?.content).toBeUndefined();
    }
    expect(executed(DELETE)).toBe(0);
  });
}

test("another path neither skips authentication nor policy", async () => {
  const { body, headers } = modern(DELETE, { owner: "acme", repo: "api" });
  const { Authorization: _, ...anonymous } = headers;
  for (const path of [
    "/health",
    "/",
    "/mcp/",
    "//mcp",
    "/mcp/../health",
    "/mcp?x=/health",
    "/MCP",
    "/sse",
    "/mcp/session/00",
    "/v1/mcp",
  ]) {
    expect((await send(path, body, anonymous)).json?.result?.content).toBeUndefined();
    expect((await send(path, body, headers)).json?.result?.content).toBeUndefined();
  }
  expect(executed(DELETE)).toBe(0);
});

test("a header that disagrees with the body is refused", async () => {
  const { body, headers } = modern(DELETE, { owner: "acme", repo: "api" });
  const answer = await send("/mcp", body, { ...headers, "Mcp-Name": LIST });
  expect(answer.status).toBe(400);
  expect(answer.json.error.code).toBe(-32020);
});

test("without a key, or with a wrong one, nothing is listed or run", async () => {
  const { body, headers } = modern(LIST, {});
  const { Authorization: _, ...anonymous } = headers;
  const before = executed(LIST);
  for (const key of [
    {},
    { Authorization: "Bearer wrong" },
    { "X-API-Key": "" },
    { Authorization: "Bearer " },
    { Authorization: [`Bearer ${product.agentKey}`, "Bearer x"] },
  ]) {
    expect((await send("/mcp", body, { ...anonymous, ...key })).status).toBeGreaterThanOrEqual(400);
  }
  expect(executed(LIST)).toBe(before);
});

test("a web page cannot drive the gateway: foreign Origin and foreign Host are refused", async () => {
  const { body, headers } = modern(LIST, {});
  for (const extra of [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Host: "evil.example" },
    { Host: `localhost.evil.example:${product.ports.mcp}` },
  ]) {
    expect((await send("/mcp", body, { ...headers, ...extra })).status).toBe(403);
  }
  const simple = await send("/mcp", body, { ...headers, "Content-Type": "text/plain" });
  expect(simple.status).toBe(415);
});

function approvalOf(answer: Answer): string {
  expect(answer.json?.error?.code).toBe(-32002);
  return answer.json.error.data.approval_id;
}

function ask(pull: number): Promise<Answer> {
  const { body, headers } = modern("github.merge_pull_request", { owner: "acme", repo: "api", pull_number: pull });
  return send("/mcp", body, headers);
}

function settle(id: string, verb: string, key: string, body = "{}"): Promise<Answer> {
  return send(`/admin/v1/approvals/${id}/${verb}`, body, { Authorization: `Bearer ${key}` }, product.ports.admin);
}

test("the agent cannot approve its own action, whatever it says about the reviewer", async () => {
  const id = approvalOf(await ask(1));
  for (const body of ["{}", '{"reviewer":"admin"}', '{"reviewer":"root","comment":"ok"}']) {
    expect((await settle(id, "approve", product.agentKey, body)).status).toBe(403);
  }
  expect(approvalOf(await ask(1))).toBe(id);
  expect(executed("github.merge_pull_request")).toBe(0);
});

test("an approval runs once, for that argument only, under any concurrency", async () => {
  const id = approvalOf(await ask(2));
  expect((await settle(id, "approve", product.adminKey)).status).toBe(200);
  expect(approvalOf(await ask(3))).not.toBe(id);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(2)));
  expect(answers.filter((answer) => answer.json?.result !== undefined)).toHaveLength(1);
  expect(executed("github.merge_pull_request")).toBe(1);
  expect((await settle(id, "approve", product.adminKey)).status).toBe(400);
});

test("a forged or foreign approval id changes nothing", async () => {
  for (const id of ["00000000-0000-7000-8000-000000000000", "../../keys", "%2e%2e", "'; drop table approvals; --"]) {
    const status = (await settle(encodeURIComponent(id), "approve", product.adminKey)).status;
    expect([400, 404]).toContain(status);
  }
  const { body, headers } = modern("github.merge_pull_request", { owner: "acme", repo: "api", pull_number: 9 });
  const forged = JSON.parse(body);
  forged.params.requestState = "AAAA";
  forged.params.inputResponses = { approval: { action: "accept" } };
  forged.params._meta.approval_id = "00000000-0000-7000-8000-000000000000";
  const answer = await send("/mcp", JSON.stringify(forged), headers);
  expect(answer.json?.result?.content).toBeUndefined();
});

const ADMIN_ROUTES = [
  "/admin/v1/approvals",
  "/admin/v1/evidence/sessions",
  "/admin/v1/config",
  "/admin/v1/keys",
  "/admin/v1/policy-versions",
];

test("the agent's key reads nothing of the admin API, and no key reads nothing either", async () => {
  for (const path of ADMIN_ROUTES) {
    const get = (headers: Record<string, string>) => fetch(`${product.adminUrl}${path}`, { headers });
    expect((await get(keyed())).status).toBe(403);
    expect((await get({})).status).toBe(401);
    expect((await get({ Authorization: `Bearer ${product.adminKey}` })).status).toBe(200);
  }
});

test("bodies that are too large, too deep or not JSON cost an answer, not the server", async () => {
  const { headers } = modern(LIST, {});
  const huge = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${LIST}","arguments":{"x":"${"a".repeat(3 << 20)}"}}}`;
  const hugeStatus = (await send("/mcp", huge, headers)).status;
  expect([0, 413]).toContain(hugeStatus);
  expect([400, 413]).toContain((await send("/mcp", "[".repeat(200_000), headers)).status);
  expect((await send("/mcp", "{", headers)).status).toBe(400);
  expect((await send("/mcp", "", headers)).status).toBe(400);
  expect((await fetch(`${product.adminUrl}/health`)).status).toBe(200);
});

/** Far beyond the tenant's limit of 200; AEGISFLOW_ATTACK_PENDING=100000 runs the large one. */
const FLOOD = Number(process.env["AEGISFLOW_ATTACK_PENDING"] ?? 1_000);

const FLOOD_LIMIT_MS = 30_000 + 10 * FLOOD;

test(
  `${FLOOD} pending reviews stop at the limit, say so, and leave the server able to settle the rest`,
  async () => {
    let full = 0;
    for (let start = 0; start < FLOOD; start += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(10_000 + start + index)));
      full += answers.filter((answer) => answer.json?.error?.code !== -32002).length;
    }
    expect(full).toBeGreaterThanOrEqual(FLOOD - 200);
    const pending = await fetch(`${product.adminUrl}/admin/v1/approvals?limit=10`, {
      headers: { Authorization: `Bearer ${product.adminKey}` },
    });
    const listed = (await pending.json()) as { pending: { id: string }[] };
    expect(listed.pending).toHaveLength(10);
    expect((await settle(listed.pending[0]?.id ?? "", "deny", product.adminKey)).status).toBe(200);
  },
  FLOOD_LIMIT_MS,
);

/** What an attacker with only the agent's key, or with none, tries; each was possible in the reference product or one like it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  call,
  createFakeUpstream,
  type FakeUpstream,
  MODERN_META,
  post,
  postModern,
  startTestGate,
  type TestGate,
  text,
} from "./mcp-gate.fixture.ts";
import { RUNNING_PER_CALLER_MAX } from "./request-slots.ts";

let gate: TestGate;
let github: FakeUpstream;

beforeAll(async () => {
  github = createFakeUpstream({
    name: "github",
    tools: {
      list_repos: { run: () => text("repos") },
      delete_repo: { run: () => text("deleted") },
      create_pull_request: {
        definition: {
          inputSchema: {
            type: "object",
            properties: {
              owner: { type: "string" },
              repo: { type: "string" },
              base: { type: "string" },
              nested: { type: "object", properties: { deep: { type: "string" } } },
            },
          },
        },
        run: (args) => text(JSON.stringify(args)),
      },
    },
  });
  gate = await startTestGate({
    upstreams: [github],
    rules: [
      { tool: "github.delete_*", decision: "block", reason: "deleting is not for agents", suggestion: "archive it" },
      { tool: "github.create_pull_request", args: { base: ["main"] }, decision: "block" },
    ],
  });
});
afterAll(() => gate.close());

const ran = (tool: string): number => github.calls().filter(({ params }) => params["name"] === tool).length;

describe("an agent with a key", () => {
  test.each([
    ["name and Name (L1)", '{"name":"delete_repo","Name":"list_repos","arguments":{}}'],
    ["Name before name", '{"Name":"delete_repo","name":"list_repos","arguments":{}}'],
    ["NAME alone beside", '{"name":"list_repos","NAME":"delete_repo"}'],
    ["Kelvin sign in a key", '{"name":"list_repos","argumentſ":{}}'],
    [
      "arguments and Arguments (L2)",
      '{"name":"create_pull_request","arguments":{"base":"docs"},"Arguments":{"base":"main"}}',
    ],
    [
      "a case variant of a declared argument",
      '{"name":"create_pull_request","arguments":{"base":"docs","Base":"main"}}',
    ],
    ["only the case variant", '{"name":"create_pull_request","arguments":{"Base":"main"}}'],
    ["a case variant inside", '{"name":"create_pull_request","arguments":{"nested":{"Deep":"x"}}}'],
    ["two undeclared variants", '{"name":"list_repos","arguments":{"x":1,"X":2}}'],
    ["reserved argument names", '{"name":"list_repos","arguments":{"mcp.input_responses":{}}}'],
    ["arguments that are a list", '{"name":"list_repos","arguments":[]}'],
    ["no name", '{"arguments":{}}'],
  ])("is refused with -32602: %s", async (_title, params) => {
    const before = github.sent.length;
    const answer = await post(gate, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
    expect(answer.json).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(github.sent.slice(before).filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  test.each([
    [
      "duplicate name",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","name":"delete_repo"}}',
      -32600,
    ],
    [
      "duplicate nested argument",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","arguments":{"a":{"b":1,"b":2}}}}',
      -32600,
    ],
    [
      "duplicate through an escape",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","n\\u0061me":"delete_repo"}}',
      -32600,
    ],
    ["Method beside method", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', -32600],
    ["Params beside params", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"PARAMS":{}}', -32600],
    [
      "an integer that two readers read differently",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","arguments":{"n":9007199254740993}}}',
      -32600,
    ],
    [
      "__proto__",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","arguments":{"__proto__":{}}}}',
      -32700,
    ],
    [
      "deep nesting",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_repos","arguments":${'{"a":'.repeat(100)}1${"}".repeat(100)}}}`,
      -32600,
    ],
    ["not JSON", "{", -32700],
    ["trailing text", '{"jsonrpc":"2.0","id":1,"method":"ping"} x', -32700],
    ["wrong version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ["null id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    ["params that are a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
    ["nothing", "", -32700],
    ["an empty batch", "[]", -32600],
  ])("is refused before anything is served: %s", async (_title, body, code) => {
    const before = github.sent.length;
    const answer = await post(gate, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.json).toMatchObject({ error: { code } });
    expect(github.sent.slice(before).filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  test("a blocked call says why and never runs", async () => {
    const answer = await post(
      gate,
      call(7, "tools/call", { name: "delete_repo", arguments: { owner: "a", repo: "b" } }),
    );
    expect(answer.json).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: {
        code: -32001,
        message: "tool call blocked by policy: delete_repo",
        data: {
          decision: "block",
          rule: "rule/1",
          reason: "deleting is not for agents",
          suggestion: "archive it",
          envelope_id: expect.any(String),
        },
      },
    });
    expect(ran("delete_repo")).toBe(0);
  });

  test.each([
    "delete_repo ",
    " delete_repo",
    "Delete_repo",
    "delete_repo\u0000",
    "delete_repo\u200b",
    "github.delete_repo",
  ])("another spelling of a blocked tool is no tool at all (L7): %j", async (name) => {
    const answer = await post(gate, call(1, "tools/call", { name }));
    expect(answer.json.error.code).toBe(-32003);
    expect(ran("delete_repo")).toBe(0);
  });

  test("lists do not offer what is blocked, over every transport (L5)", async () => {
    const direct = await post(gate, call(1, "tools/list"));
    const modern = await postModern(gate, "tools/list");
    for (const { json } of [direct, modern]) {
      expect(json.result.tools.map(({ name }: { name: string }) => name)).toEqual([
        "create_pull_request",
        "list_repos",
      ]);
    }
  });

  test("a rule on arguments sees the arguments that run", async () => {
    const blocked = await post(
      gate,
      call(1, "tools/call", { name: "create_pull_request", arguments: { owner: "a", repo: "b", base: "main" } }),
    );
    expect(blocked.json.error.code).toBe(-32001);
    const allowed = await post(
      gate,
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_pull_request","arguments":{ "repo":"b", "owner":"\\u0061", "n": 1.0 }}}',
    );
    expect(allowed.json.result.content[0].text).toBe('{"n":1,"owner":"a","repo":"b"}');
    expect(github.calls().at(-1)?.argumentsJson).toBe('{"n":1,"owner":"a","repo":"b"}');
  });

  test("a body over the limit is 413", async () => {
    const answer = await post(
      gate,
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${"a".repeat(300 * 1024)}"}}`,
    );
    expect(answer.status).toBe(413);
  });

  test("a body that is not UTF-8 is refused", async () => {
    const bytes = new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"?"}}');
    bytes[bytes.indexOf(0x3f)] = 0xff;
    expect((await post(gate, bytes)).json.error.code).toBe(-32700);
  });

  test("batches are refused where the version has none", async () => {
    const batch = [call(1, "ping"), call(2, "ping")];
    const refused = await post(gate, batch, { "mcp-protocol-version": "2025-06-18" });
    expect(refused).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
    const served = await post(gate, batch, { "mcp-protocol-version": "2025-03-26" });
    expect(served.json).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, result: {} },
    ]);
    const smuggled = await post(gate, [{ ...call(1, "tools/list"), params: { _meta: MODERN_META } }]);
    expect(smuggled).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
  });

  test("every message of a batch is governed", async () => {
    const answer = await post(gate, [
      call(1, "tools/call", { name: "delete_repo" }),
      call(2, "tools/call", { name: "list_repos" }),
    ]);
    expect(answer.json).toMatchObject([
      { id: 1, error: { code: -32001 } },
      { id: 2, result: { content: [{ text: "repos" }] } },
    ]);
  });

  test("a session of another key does not exist", async () => {
    const opened = await post(
      gate,
      call(1, "initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "a", version: "1" },
      }),
    );
    const session = opened.headers.get("mcp-session-id") ?? "";
    expect(session).toMatch(/^[0-9a-f]{32}$/);
    const foreign = await post(gate, call(2, "ping"), { "mcp-session-id": session, "x-api-key": "other-key" });
    expect(foreign.status).toBe(404);
    for (const method of ["GET", "DELETE"]) {
      const stolen = await fetch(`${gate.url}/mcp`, {
        method,
        headers: { "mcp-session-id": session, "x-api-key": "other-key", accept: "text/event-stream" },
      });
      expect(stolen.status).toBe(404);
    }
    const own = await post(gate, call(2, "ping"), { "mcp-session-id": session });
    expect(own.json).toEqual({ jsonrpc: "2.0", id: 2, result: {} });
  });

  test.each<[string, Record<string, string>, number]>([
    ["another method in the header", { "mcp-method": "tools/list" }, -32020],
    ["another case in the header", { "mcp-method": "TOOLS/CALL" }, -32020],
    ["another name in the header", { "mcp-name": "delete_repo" }, -32020],
    ["another name in Base64", { "mcp-name": `=?base64?${btoa("delete_repo")}?=` }, -32020],
    ["bad Base64", { "mcp-name": "=?base64?%%?=" }, -32020],
    ["another version in the header", { "mcp-protocol-version": "2026-07-29" }, -32020],
    ["an old version in the header", { "mcp-protocol-version": "2025-11-25" }, -32020],
  ])("headers that tell another story are refused: %s", async (_title, headers, code) => {
    const answer = await postModern(gate, "tools/call", { name: "list_repos" }, { headers });
    expect(answer).toMatchObject({ status: 400, json: { id: 1, error: { code } } });
  });

  test.each(["mcp-method", "mcp-name", "mcp-protocol-version"])("a missing %s is refused", async (header) => {
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "x-api-key": "agent-key",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "list_repos",
    };
    delete headers[header];
    const response = await fetch(`${gate.url}/mcp`, {
      method: "POST",
      headers,
      body: JSON.stringify(call(1, "tools/call", { name: "list_repos", _meta: MODERN_META })),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32020 } });
  });

  test("names in headers may be Base64 and may have blanks around them", async () => {
    for (const name of ["  list_repos ", `=?base64?${btoa("list_repos")}?=`]) {
      expect(
        (await postModern(gate, "tools/call", { name: "list_repos" }, { headers: { "mcp-name": name } })).json.result,
      ).toBeDefined();
    }
  });
});

describe("somebody without a key", () => {
  test.each([
    "/mcp",
    "/",
    "/sse",
    "/messages?sessionId=x",
    "/mcp/session/00000000000000000000000000000000",
    "/anything",
  ])("POST %s is 401", async (path) => {
    const answer = await post(gate, call(1, "tools/call", { name: "list_repos" }), { "x-api-key": "" }, path);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
  });
  test("POST /health runs nothing (L3)", async () => {
    const before = github.sent.length;
    for (const key of ["", "agent-key"]) {
      const answer = await post(gate, call(1, "tools/call", { name: "list_repos" }), { "x-api-key": key }, "/health");
      expect(answer.status).toBe(405);
    }
    expect(github.sent.length).toBe(before);
    expect(await (await fetch(`${gate.url}/health`)).json()).toEqual({ status: "ok" });
  });
  test("a wrong key is 401", async () => {
    expect((await post(gate, call(1, "ping"), { "x-api-key": "guess" })).status).toBe(401);
  });
});

describe("a web page (L6)", () => {
  test.each<[string, Record<string, string>, number]>([
    ["foreign origin", { origin: "https://evil.example" }, 403],
    ["foreign origin with a port like ours", { origin: "http://evil.example:8082" }, 403],
    ["opaque origin", { origin: "null" }, 403],
    ["rebound host", { host: "evil.example" }, 403],
    ["host that begins like ours", { host: "127.0.0.1.evil.example" }, 403],
    ["text/plain, which needs no preflight", { "content-type": "text/plain" }, 415],
    ["no content type", { "content-type": "" }, 415],
    ["another charset", { "content-type": "application/json; charset=utf-16" }, 415],
  ])("%s is refused", async (_title, headers, status) => {
    const before = github.sent.length;
    const answer = await post(gate, call(1, "tools/call", { name: "list_repos" }), headers);
    expect(answer.status).toBe(status);
    expect(github.sent.length).toBe(before);
  });
  test("a page of this very server may call, with a key", async () => {
    expect((await post(gate, call(1, "ping"), { origin: gate.url })).status).toBe(200);
  });
});

test("an evidence log that is down blocks every call", async () => {
  gate.broken.evidence = true;
  const before = ran("list_repos");
  const answer = await post(gate, call(1, "tools/call", { name: "list_repos" }));
  gate.broken.evidence = false;
  expect(answer.json.error).toMatchObject({ code: -32001, data: { decision: "block", rule: "(fail-closed)" } });
  expect(ran("list_repos")).toBe(before);
});

test("an agent that starts calls faster than they end is refused, and others are served", async () => {
  const upstream = createFakeUpstream({
    name: "up",
    tools: {
      hang: {
        run: (_args, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("x")))),
      },
      quick: { run: () => text("done") },
    },
  });
  const flooded = await startTestGate({ upstreams: [upstream] });
  const abort = new AbortController();
  const hanging = Array.from({ length: RUNNING_PER_CALLER_MAX }, (_, id) =>
    fetch(`${flooded.url}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "agent-key" },
      body: JSON.stringify(call(id, "tools/call", { name: "hang" })),
      signal: abort.signal,
    }).catch(() => undefined),
  );
  while (upstream.calls().length < RUNNING_PER_CALLER_MAX) await Bun.sleep(10);
  expect((await post(flooded, call(1, "tools/call", { name: "quick" }))).status).toBe(429);
  expect((await postModern(flooded, "tools/call", { name: "quick" })).status).toBe(429);
  const other = await post(flooded, call(1, "tools/call", { name: "quick" }), { "x-api-key": "other-key" });
  expect(other.json.result).toBeDefined();
  abort.abort();
  await Promise.all(hanging);
  for (let tries = 0; tries < 100 && (await post(flooded, call(1, "ping"))).status === 429; tries++)
    await Bun.sleep(20);
  expect((await post(flooded, call(1, "tools/call", { name: "quick" }))).json.result).toBeDefined();
  await flooded.close();
});

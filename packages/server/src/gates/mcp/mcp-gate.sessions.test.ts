/** Sessions of the legacy era on the wire: opening, resuming, idling, ending; and what HTTP alone shows. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  call,
  createFakeUpstream,
  MODERN_META,
  post,
  postModern,
  startTestGate,
  type TestGate,
  text,
} from "./mcp-gate.fixture.ts";

const INITIALIZE = call(0, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "t", version: "1" },
});
const KEY = { "x-api-key": "agent-key" };

const upstream = createFakeUpstream({
  name: "up",
  tools: {
    echo: { run: (args) => text(JSON.stringify(args)) },
    slow: {
      async run(_args, request) {
        request.onNotification("notifications/progress", {
          progressToken: request.meta?.["progressToken"] ?? "",
          progress: 1,
        });
        await Bun.sleep(150);
        return text("finished");
      },
    },
    hang: {
      run: (_args, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("x")))),
    },
  },
});

let gate: TestGate;
beforeAll(async () => {
  gate = await startTestGate({
    upstreams: [upstream],
    settings: { sessions: { max: 6, perCallerMax: 3, idleMs: 60_000 } },
  });
});
afterAll(() => gate.close());

const opened: string[] = [];
async function open(key = "agent-key", version = "2025-11-25"): Promise<string> {
  const message = {
    ...INITIALIZE,
    params: { protocolVersion: version, capabilities: {}, clientInfo: { name: "t", version: "1" } },
  };
  const answer = await post(gate, message, { "x-api-key": key });
  const id = answer.headers.get("mcp-session-id") ?? "";
  if (answer.status === 200) opened.push(`${key} ${id}`);
  return id;
}
const end = (id: string, key = "agent-key") =>
  fetch(`${gate.url}/mcp`, { method: "DELETE", headers: { "x-api-key": key, "mcp-session-id": id } });
afterEach(async () => {
  for (const entry of opened.splice(0)) await end(entry.split(" ")[1] ?? "", entry.split(" ")[0]);
});

/** Reads events until `count` with data have come, then lets go of the stream. */
async function readEvents(
  response: Response,
  count: number,
): Promise<{ readonly id: string; readonly data: unknown }[]> {
  const events: { id: string; data: unknown }[] = [];
  let buffer = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    buffer += decoder.decode(chunk, { stream: true });
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop() ?? "";
    for (const block of blocks) {
      const id = /^id: (.*)$/m.exec(block)?.[1] ?? "";
      const data = /^data: (.+)$/m.exec(block)?.[1];
      if (block.startsWith(":")) continue;
      events.push({ id, data: data === undefined ? undefined : JSON.parse(data) });
    }
    if (events.filter(({ data }) => data !== undefined).length >= count) break;
  }
  return events;
}

describe("a session", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("speaks %s when asked to", async (version) => {
    const message = { ...INITIALIZE, params: { protocolVersion: version, capabilities: {} } };
    const answer = await post(gate, message);
    opened.push(`agent-key ${answer.headers.get("mcp-session-id") ?? ""}`);
    expect(answer.json.result).toMatchObject({
      protocolVersion: version,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "aegisflow-mcp-gateway" },
    });
  });

  test("ends with DELETE, and is then unknown", async () => {
    const id = await open();
    expect(
      (await post(gate, { jsonrpc: "2.0", method: "notifications/initialized" }, { "mcp-session-id": id })).status,
    ).toBe(202);
    expect((await end(id)).status).toBe(204);
    expect((await post(gate, call(1, "ping"), { "mcp-session-id": id })).status).toBe(404);
    expect((await end(id)).status).toBe(404);
  });

  test("cannot be initialised twice, and needs its parameters", async () => {
    const id = await open();
    expect((await post(gate, INITIALIZE, { "mcp-session-id": id })).status).toBe(400);
    expect((await post(gate, call(1, "initialize", {}))).json.error.code).toBe(-32602);
    expect(
      (await post(gate, call(1, "initialize", { ProtocolVersion: "2025-11-25", protocolVersion: "2024-11-05" }))).json
        .error.code,
    ).toBe(-32602);
  });

  test("an unsupported version header is refused", async () => {
    const id = await open();
    expect(
      (await post(gate, call(1, "ping"), { "mcp-session-id": id, "mcp-protocol-version": "2024-01-01" })).status,
    ).toBe(400);
  });

  test("the same id twice at once is refused, cancellation frees it", async () => {
    const id = await open();
    const headers = { "mcp-session-id": id };
    const first = post(gate, call(9, "tools/call", { name: "hang" }), headers);
    await Bun.sleep(30);
    expect((await post(gate, call(9, "tools/call", { name: "echo" }), headers)).json.error.message).toContain(
      "still running",
    );
    await post(gate, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 9 } }, headers);
    expect((await first).json.error).toBeDefined();
    expect((await post(gate, call(9, "tools/call", { name: "echo" }), headers)).json.result).toBeDefined();
  });

  test("too many of one key close its oldest idle one; too many busy ones are refused", async () => {
    const first = await open("other-key");
    const second = await open("other-key");
    await open("other-key");
    await open("other-key");
    expect((await post(gate, call(1, "ping"), { "mcp-session-id": first, "x-api-key": "other-key" })).status).toBe(404);
    expect((await post(gate, call(1, "ping"), { "mcp-session-id": second, "x-api-key": "other-key" })).status).toBe(
      200,
    );
    const streams = await Promise.all(
      [1, 2, 3].map(() => fetch(`${gate.url}/sse`, { headers: { ...KEY, accept: "text/event-stream" } })),
    );
    const refused = await post(gate, INITIALIZE);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    for (const stream of streams) await stream.body?.cancel();
  });

  test("a call goes on when its connection breaks, and its result is there to be fetched", async () => {
    const id = await open();
    const abort = new AbortController();
    const response = await fetch(`${gate.url}/mcp`, {
      method: "POST",
      headers: {
        ...KEY,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": id,
      },
      body: JSON.stringify(call(5, "tools/call", { name: "slow", _meta: { progressToken: "p" } })),
      signal: abort.signal,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const before = await readEvents(response, 1);
    expect(before.at(-1)?.data).toMatchObject({
      method: "notifications/progress",
      params: { progressToken: "p", progress: 1 },
    });
    abort.abort();
    await Bun.sleep(250);
    const lastEventId = before.at(-1)?.id ?? "";
    const resumed = await fetch(`${gate.url}/mcp`, {
      headers: { ...KEY, accept: "text/event-stream", "mcp-session-id": id, "last-event-id": lastEventId },
    });
    expect((await readEvents(resumed, 1)).at(-1)?.data).toMatchObject({
      id: 5,
      result: { content: [{ text: "finished" }] },
    });
    for (const bad of ["99-1", "x", `${lastEventId}9`]) {
      const unknown = await fetch(`${gate.url}/mcp`, {
        headers: { ...KEY, accept: "text/event-stream", "mcp-session-id": id, "last-event-id": bad },
      });
      expect(unknown.status).toBe(400);
    }
  });

  test("announcements wait for a listener, and a second listener takes over", async () => {
    const id = await open();
    upstream.say("notifications/tools/list_changed", {});
    await Bun.sleep(120);
    const listen = () =>
      fetch(`${gate.url}/mcp`, { headers: { ...KEY, accept: "text/event-stream", "mcp-session-id": id } });
    const first = await listen();
    expect((await readEvents(first, 1)).at(-1)?.data).toEqual({
      jsonrpc: "2.0",
      method: "notifications/tools/list_changed",
    });
    const second = await listen();
    upstream.say("notifications/tools/list_changed", {});
    expect((await readEvents(second, 1)).length).toBe(1);
  });

  test("streams begin with an event to come back to, from 2025-11-25 on", async () => {
    for (const [version, primed] of [
      ["2025-11-25", true],
      ["2025-06-18", false],
    ] as const) {
      const id = await open("agent-key", version);
      const response = await fetch(`${gate.url}/mcp`, {
        method: "POST",
        headers: { ...KEY, "content-type": "application/json", accept: "text/event-stream", "mcp-session-id": id },
        body: JSON.stringify(call(1, "ping")),
      });
      const events = await readEvents(response, 1);
      expect(events[0]?.data === undefined).toBe(primed);
      expect(events.at(-1)?.data).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    }
  });
});

describe("without a session", () => {
  test("single requests are served, as old bridges send them", async () => {
    expect((await post(gate, call(1, "tools/list"), {}, "/")).json.result.tools.length).toBe(3);
    expect(
      (await post(gate, call(2, "tools/call", { name: "echo", arguments: { a: 1 } }))).json.result.content[0].text,
    ).toBe('{"a":1}');
    const sids = new Set(gate.evidence.filter(({ kind }) => kind === "decision").map(({ sid }) => sid));
    expect([...sids].some((sid) => sid.startsWith("mcp-key-"))).toBe(true);
  });
  test.each([
    ["resources/subscribe", -32601],
    ["logging/setLevel", -32601],
    ["server/discover", -32601],
    ["made/up", -32601],
    ["__proto__", -32601],
    ["constructor", -32601],
    ["notifications/initialized", -32601],
  ])("%s is %d, in-band", async (method, code) => {
    const answer = await post(gate, call(1, method));
    expect(answer).toMatchObject({ status: 200, json: { id: 1, error: { code } } });
  });
  test("a progress stream works without a session too", async () => {
    const response = await fetch(`${gate.url}/mcp`, {
      method: "POST",
      headers: { ...KEY, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(call(5, "tools/call", { name: "slow", _meta: { progressToken: 7 } })),
    });
    const events = await readEvents(response, 2);
    expect(events.map(({ data }) => data)).toMatchObject([{ params: { progressToken: 7 } }, { id: 5 }]);
  });
});

describe("HTTP", () => {
  test.each([
    ["GET", "/mcp", {}, 400],
    ["GET", "/", {}, 400],
    ["DELETE", "/mcp", {}, 400],
    ["PUT", "/mcp", {}, 405],
    ["OPTIONS", "/mcp", {}, 405],
    ["GET", "/mcp", { "mcp-protocol-version": "2026-07-28" }, 405],
    ["DELETE", "/mcp", { "mcp-protocol-version": "2026-07-28" }, 405],
    ["POST", "/elsewhere", {}, 404],
    ["GET", "/elsewhere", {}, 404],
    ["DELETE", "/sse", {}, 405],
    ["GET", "/mcp/session/00000000000000000000000000000000", {}, 405],
    ["DELETE", "/health", {}, 405],
  ] as const)("%s %s %j is %d", async (method, path, headers, status) => {
    const response = await fetch(`${gate.url}${path}`, { method, headers: { ...KEY, ...headers } });
    expect(response.status).toBe(status);
    if (status === 405) expect(response.headers.get("allow")).toMatch(/GET|POST/);
  });
  test("an Accept that takes nothing of ours is 406", async () => {
    expect((await post(gate, call(1, "ping"), { accept: "text/html" })).status).toBe(406);
  });
});

describe("the modern era on the wire", () => {
  test("server/discover says what there is, and who it is", async () => {
    const { json } = await postModern(gate, "server/discover");
    expect(json.result).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: { listChanged: true } },
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "aegisflow-mcp-gateway" } },
    });
    expect(json.result.capabilities.prompts).toBeUndefined();
  });
  test("lists are private and say how long they last", async () => {
    expect((await postModern(gate, "tools/list")).json.result).toMatchObject({
      cacheScope: "private",
      ttlMs: expect.any(Number),
      resultType: "complete",
    });
  });
  test.each([
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "prompts/list",
    "made/up",
    "constructor",
  ])("%s is -32601 and 404", async (method) => {
    expect(await postModern(gate, method)).toMatchObject({ status: 404, json: { id: 1, error: { code: -32601 } } });
  });
  test("an unknown version is -32022 with those we speak", async () => {
    const answer = await postModern(
      gate,
      "tools/list",
      {},
      {
        headers: { "mcp-protocol-version": "v999.0.0" },
        meta: { "io.modelcontextprotocol/protocolVersion": "v999.0.0" },
      },
    );
    expect(answer).toMatchObject({
      status: 400,
      json: { error: { code: -32022, data: { supported: ["2026-07-28"], requested: "v999.0.0" } } },
    });
  });
  test.each([
    ["no _meta", undefined],
    ["no version", { "io.modelcontextprotocol/clientCapabilities": {} }],
    ["no capabilities", { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }],
    ["a case variant", { ...MODERN_META, "io.modelcontextprotocol/ClientCapabilities": { elicitation: { url: {} } } }],
    ["a log level that is none", { ...MODERN_META, "io.modelcontextprotocol/logLevel": "loud" }],
  ])("%s is -32602 and 400", async (_title, meta) => {
    const answer = await post(gate, call(1, "tools/list", meta === undefined ? {} : { _meta: meta }), {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/list",
    });
    expect(answer).toMatchObject({ status: 400, json: { id: 1, error: { code: -32602 } } });
  });
  test("notifications are taken, answers are not", async () => {
    const headers = { "mcp-protocol-version": "2026-07-28" };
    expect(
      (await post(gate, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }, headers))
        .status,
    ).toBe(202);
    expect((await post(gate, { jsonrpc: "2.0", id: 1, result: {} }, headers)).status).toBe(400);
  });
  test("closing the connection cancels the call", async () => {
    const abort = new AbortController();
    const before = upstream.calls().length;
    const hanging = fetch(`${gate.url}/mcp`, {
      method: "POST",
      headers: {
        ...KEY,
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "hang",
      },
      body: JSON.stringify(call(1, "tools/call", { name: "hang", _meta: MODERN_META })),
      signal: abort.signal,
    }).catch(() => "gone");
    while (upstream.calls().length === before) await Bun.sleep(5);
    abort.abort();
    await hanging;
    await Bun.sleep(50);
    const outcome = gate.evidence.filter(({ kind }) => kind === "outcome").at(-1);
    expect(outcome?.p["status"]).not.toBe("executed");
  });
  test("a cursor of another caller, another list or nobody is refused", async () => {
    for (const cursor of ["", "x", "aegis1.AAAA", 7]) {
      expect((await postModern(gate, "tools/list", { cursor })).json.error.code).toBe(-32602);
    }
  });
});

test("sessions and streams end with the key that opened them, and with idleness", async () => {
  const short = await startTestGate({
    upstreams: [createFakeUpstream({ name: "up" })],
    settings: { sessions: { max: 5, perCallerMax: 5, idleMs: 40 } },
  });
  const first = await post(short, INITIALIZE);
  const id = first.headers.get("mcp-session-id") ?? "";
  expect((await post(short, call(1, "ping"), { "mcp-session-id": id })).status).toBe(200);
  await Bun.sleep(80);
  expect((await post(short, call(1, "ping"), { "mcp-session-id": id })).status).toBe(404);
  await short.close();
});

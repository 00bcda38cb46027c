/** The stdio bridge in front of a whole gate, with and without the official client, and in front of nothing. */
import { afterEach, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import {
  createFakeUpstream,
  MODERN_META,
  startTestGate,
  type TestGate,
  type TestGateOptions,
  text,
} from "@aegisflow/server/gates/mcp/mcp-gate.fixture";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { readBridgeMessage } from "./bridge-message.ts";
import { runMcpBridge } from "./mcp-bridge.ts";
import { encodeHeader } from "./modern-headers.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: TestGateOptions): Promise<TestGate> {
  const gate = await startTestGate(options);
  closers.push(gate.close);
  return gate;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape
type Message = any;

/** A bridge in this process: lines in, messages out. */
function bridgeTo(url: string, apiKey: string | undefined = "agent-key") {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let ended = false;
  async function* input(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) yield encoder.encode(line);
      else if (ended) return;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }
  const messages: Message[] = [];
  const done = runMcpBridge({
    input: input(),
    output: (line) => {
      expect(line).not.toContain("\n");
      messages.push(JSON.parse(line));
    },
    log: () => undefined,
    fetch: (target, init) => fetch(target, init),
    url,
    apiKey,
  });
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  const end = async (): Promise<void> => {
    ended = true;
    wake();
    await done;
  };
  closers.push(end);
  return {
    messages,
    end,
    send(message: unknown) {
      lines.push(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
      wake();
    },
    async answer(id: string | number): Promise<Message> {
      for (let tries = 0; tries < 300; tries++) {
        const found = messages.find((message) => message.id === id && message.method === undefined);
        if (found !== undefined) return found;
        await Bun.sleep(10);
      }
      throw new Error(`no answer to ${id}: ${JSON.stringify(messages)}`);
    },
  };
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo: { name: "t", version: "1" } },
};
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };
const callOf = (id: string | number, name: string, args = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});

function tools() {
  return createFakeUpstream({
    name: "up",
    tools: {
      echo: { run: (args) => text(JSON.stringify(args)) },
      slow: {
        run: async () => {
          await Bun.sleep(200);
          return text("slow");
        },
      },
      ask: {
        run: async (_args, request) =>
          text(
            JSON.stringify(
              await request.onServerRequest("elicitation/create", {
                message: "?",
                requestedSchema: { type: "object", properties: {} },
              }),
            ),
          ),
      },
      mirrored: {
        definition: {
          inputSchema: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } },
        },
        run: (args) => text(JSON.stringify(args)),
      },
    },
  });
}

describe("a legacy client", () => {
  test("keeps its ids, numeric and text, and its requests run side by side", async () => {
    const gate = await start({ upstreams: [tools()] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(INITIALIZE);
    bridge.send(INITIALIZED);
    bridge.send(callOf(7, "slow"));
    bridge.send(callOf("seven", "echo", { a: 1 }));
    bridge.send(callOf(-1, "echo", { b: 2 }));
    expect((await bridge.answer(0)).result.serverInfo.name).toBe("aegisflow-mcp-gateway");
    expect((await bridge.answer(7)).result.content[0].text).toBe("slow");
    expect((await bridge.answer("seven")).result.content[0].text).toBe('{"a":1}');
    expect((await bridge.answer(-1)).result.content[0].text).toBe('{"b":2}');
    const order = bridge.messages.map(({ id }) => id);
    expect(order.indexOf(7)).toBeGreaterThan(order.indexOf("seven"));
    expect(bridge.messages.every(({ id }) => id !== undefined)).toBe(true);
    const sids = new Set(gate.evidence.filter(({ kind }) => kind === "decision").map(({ sid }) => sid));
    expect(sids.size).toBe(1);
  });

  test("is asked what upstreams ask, and told what changes", async () => {
    const upstream = tools();
    const gate = await start({ upstreams: [upstream] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(INITIALIZE);
    bridge.send(INITIALIZED);
    bridge.send(callOf(1, "ask"));
    const question = await until(() => bridge.messages.find(({ method }) => method === "elicitation/create"));
    bridge.send({ jsonrpc: "2.0", id: question.id, result: { action: "accept", content: {} } });
    expect((await bridge.answer(1)).result.content[0].text).toBe('{"action":"accept","content":{}}');
    await Bun.sleep(50);
    upstream.say("notifications/tools/list_changed", {});
    await until(() => bridge.messages.find(({ method }) => method === "notifications/tools/list_changed"));
  });

  test("does not notice that the gateway has forgotten its session", async () => {
    const gate = await start({ upstreams: [tools()] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(INITIALIZE);
    await bridge.answer(0);
    bridge.send(INITIALIZED);
    gate.forgetSessions();
    bridge.send(callOf(1, "echo", { still: "here" }));
    bridge.send(callOf(2, "echo", { still: "too" }));
    expect((await bridge.answer(1)).result.content[0].text).toBe('{"still":"here"}');
    expect((await bridge.answer(2)).result.content[0].text).toBe('{"still":"too"}');
    expect(bridge.messages.filter(({ id }) => id === 0).length).toBe(1);
  });

  test("hears refusals under its own ids, in the gateway's words", async () => {
    const gate = await start({
      upstreams: [tools()],
      rules: [{ tool: "up.echo", decision: "block", reason: "no echo" }],
    });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(callOf(1, "echo"));
    expect((await bridge.answer(1)).error).toMatchObject({ code: -32001, data: { reason: "no echo" } });
    bridge.send('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"slow","name":"echo"}}');
    expect((await bridge.answer(2)).error).toMatchObject({ message: expect.stringContaining("duplicate key") });
    bridge.send(callOf(3, "slow", { deep: JSON.parse(`${"[".repeat(90)}${"]".repeat(90)}`) }));
    expect((await bridge.answer(3)).error.message).toContain("nested too deeply");
  });

  test("a wrong key is said in words", async () => {
    const gate = await start({ upstreams: [tools()] });
    const bridge = bridgeTo(`${gate.url}/mcp`, "wrong");
    bridge.send(INITIALIZE);
    expect((await bridge.answer(0)).error).toMatchObject({
      code: -32000,
      message: expect.stringContaining("refused the API key"),
    });
  });

  test("batches go through as they are", async () => {
    const gate = await start({ upstreams: [tools()] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send([callOf(1, "echo"), callOf(2, "echo")]);
    expect(await until(() => bridge.messages.find((message) => Array.isArray(message)))).toMatchObject([
      { id: 1 },
      { id: 2 },
    ]);
  });
});

describe("a modern client", () => {
  const modern = (id: number, method: string, params: object = {}) => ({
    jsonrpc: "2.0",
    id,
    method,
    params: { ...params, _meta: MODERN_META },
  });
  test("gets the headers it cannot send itself, also those tools want", async () => {
    const gate = await start({ upstreams: [tools()] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(modern(1, "server/discover"));
    expect((await bridge.answer(1)).result.supportedVersions).toEqual(["2026-07-28"]);
    // the list was never asked for: the bridge learns it when the gateway misses a header
    bridge.send(modern(2, "tools/call", { name: "mirrored", arguments: { region: "Zürich 1" } }));
    expect((await bridge.answer(2)).result.content[0].text).toBe('{"region":"Zürich 1"}');
    bridge.send(modern(3, "made/up"));
    expect((await bridge.answer(3)).error.code).toBe(-32601);
    expect(bridge.messages.length).toBe(3);
  });

  test("cancels by its notification", async () => {
    let aborted = false;
    const upstream = createFakeUpstream({
      name: "up",
      tools: {
        hang: {
          run: (_args, { signal }) =>
            new Promise((_, reject) =>
              signal.addEventListener("abort", () => {
                aborted = true;
                reject(new Error("x"));
              }),
            ),
        },
      },
    });
    const gate = await start({ upstreams: [upstream] });
    const bridge = bridgeTo(`${gate.url}/mcp`);
    bridge.send(modern(1, "tools/call", { name: "hang" }));
    await until(() => upstream.calls()[0]);
    bridge.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, _meta: MODERN_META } });
    await until(() => aborted || undefined);
  });
});

describe("without a gateway", () => {
  test("every request gets a clear error, everything else silence", async () => {
    const bridge = bridgeTo("http://127.0.0.1:9/mcp");
    bridge.send({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
    bridge.send(INITIALIZED);
    bridge.send({ jsonrpc: "2.0", id: "x", result: {} });
    bridge.send({ jsonrpc: "2.0", id: "two", method: "tools/list" });
    bridge.send([callOf(3, "a"), callOf(4, "b")]);
    for (const id of [1, "two", 3, 4]) {
      expect((await bridge.answer(id)).error).toMatchObject({
        code: -32000,
        message: expect.stringMatching(
          /^AegisFlow MCP gateway unreachable at http:\/\/127\.0\.0\.1:9\/mcp\. Is AegisFlow running\?/,
        ),
      });
    }
    await bridge.end();
    expect(bridge.messages.length).toBe(4);
  });

  test("what is no message is answered as such", async () => {
    const bridge = bridgeTo("http://127.0.0.1:9/mcp");
    bridge.send("{");
    bridge.send("   ");
    await until(() => bridge.messages[0]);
    expect(bridge.messages).toMatchObject([{ id: null, error: { code: -32700 } }]);
  });
});

test.each(["legacy", { pin: "2026-07-28" }] as const)(
  "the official client speaks through the process, %p",
  async (mode) => {
    const gate = await start({ upstreams: [tools()] });
    const aegisctl = fileURLToPath(new URL("../aegisctl.ts", import.meta.url));
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [aegisctl, "mcp"],
        env: { AEGISFLOW_MCP_URL: gate.url, AEGISFLOW_API_KEY: "agent-key", PATH: process.env["PATH"] ?? "" },
      }),
    );
    closers.push(() => client.close());
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["ask", "echo", "mirrored", "slow"]);
    expect(await client.callTool({ name: "echo", arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    expect(await client.callTool({ name: "mirrored", arguments: { region: "eu" } })).toMatchObject({
      content: [{ text: '{"region":"eu"}' }],
    });
  },
);

test.each([
  ["plain", "plain"],
  ["two words", "two words"],
  [" edge ", "=?base64?IGVkZ2Ug?="],
  ["ü", "=?base64?w7w=?="],
  ["=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="],
  ["", "=?base64??="],
])("header value %j is sent as %s", (value, header) => {
  expect(encodeHeader(value)).toBe(header);
});

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"a"}', { kind: "request", id: 1, era: "legacy" }],
  ['{"jsonrpc":"2.0","method":"a"}', { kind: "notification", era: "legacy" }],
  [
    `{"jsonrpc":"2.0","id":"x","method":"a","params":{"_meta":${JSON.stringify(MODERN_META)}}}`,
    { kind: "request", id: "x", era: "modern" },
  ],
  ['{"jsonrpc":"2.0","id":1,"result":{}}', { kind: "answer" }],
  ['[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"}]', { kind: "batch", ids: [1] }],
  ['{"jsonrpc":"2.0","id":5,"id":5}', { kind: "unreadable", id: 5 }],
  ["7", { kind: "unreadable", id: null }],
])("%s is read", (line, expected) => {
  expect(readBridgeMessage(line)).toMatchObject(expected as never);
});

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const found = look();
    if (found !== undefined) return found;
    await Bun.sleep(10);
  }
  throw new Error("it did not happen within three seconds");
}

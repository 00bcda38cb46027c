/** Upstreams over HTTP: real servers of both eras, and scripted ones that misbehave. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { JsonObject } from "@aegisflow/core";
import type { UpstreamConfig } from "@aegisflow/core/config/upstream-schema";
import { startEverythingServer } from "../../../../../../tests/conformance/everything-server.ts";
import { ask, callTool, openBench, textOf, until } from "./testing-upstreams.ts";

const ROOT = join(import.meta.dir, "../../../../../..");
const failure = (error: unknown): unknown => error;

describe("a server of both eras", () => {
  test.each([
    ["auto", "modern"],
    ["modern", "modern"],
    ["legacy", "legacy"],
  ] as const)("with protocol %s is met as %s", async (protocol, era) => {
    const server = startEverythingServer(0);
    await using bench = await openBench({ url: server.url, protocol });
    const { upstream } = bench;
    expect(textOf(await callTool(upstream, "test_simple_text"))).toBe("This is a simple text response for testing.");
    expect([upstream.era(), upstream.serverInfo()["name"], upstream.instructions()]).toEqual([
      era,
      "everything",
      "A server for conformance tests.",
    ]);
    expect(await ask(upstream, "resources/read", { uri: "test://static-text" })).toMatchObject({
      contents: [{ uri: "test://static-text" }],
    });
    expect(await ask(upstream, "nope/nope").catch(failure)).toMatchObject({ code: -32601 });
    await server.close();
  });

  test.each(["modern", "legacy"] as const)(
    "sends progress and change notifications in the %s era",
    async (protocol) => {
      const server = startEverythingServer(0);
      await using bench = await openBench({ url: server.url, protocol });
      const changes: string[] = [];
      bench.upstream.subscribe((method) => changes.push(method));
      const seen: unknown[] = [];
      const onNotification = (_method: string, params: JsonObject): void =>
        void seen.push([params["progressToken"], params["progress"]]);
      await callTool(
        bench.upstream,
        "test_tool_with_progress",
        {},
        { meta: { progressToken: "mine" }, onNotification },
      );
      expect(seen).toEqual([
        ["mine", 0],
        ["mine", 50],
        ["mine", 100],
      ]);
      // The stream for what belongs to no call may not be open yet; a change is announced again then.
      for (let tries = 0; tries < 100 && changes.length === 0; tries++) {
        await callTool(bench.upstream, "test_trigger_tool_change");
        await Bun.sleep(10);
      }
      expect(changes).toContain("notifications/tools/list_changed");
      await server.close();
    },
  );

  test("in the legacy era asks the client in the middle of a call", async () => {
    const server = startEverythingServer(0);
    await using bench = await openBench({ url: server.url, protocol: "legacy" });
    const onServerRequest = async (): Promise<JsonObject> => ({
      action: "accept",
      content: { username: "ada", email: "a@b.c" },
    });
    const result = await callTool(bench.upstream, "test_elicitation", { message: "who?" }, { onServerRequest });
    expect(textOf(result)).toBe('User response: action=accept, content={"username":"ada","email":"a@b.c"}');
    await server.close();
  });

  test("in the modern era logs only for requests that ask for it", async () => {
    const server = startEverythingServer(0);
    await using bench = await openBench({ url: server.url, protocol: "modern" });
    const logs: unknown[] = [];
    const onNotification = (method: string): void => void logs.push(method);
    await callTool(bench.upstream, "test_logging_tool", {}, { onNotification });
    expect(logs).toEqual([]);
    await callTool(bench.upstream, "test_logging_tool", {}, { onNotification, logLevel: "debug" });
    expect(logs).toEqual(["notifications/message"]);
    await server.close();
  });

  test("restarted on its port is shaken hands with again", async () => {
    const first = startEverythingServer(0);
    const port = Number(new URL(first.url).port);
    await using bench = await openBench({ url: first.url, protocol: "legacy" });
    await callTool(bench.upstream, "test_simple_text");
    await first.close();
    const second = startEverythingServer(port);
    // A kept connection may break under the first request; then nobody knows whether it arrived.
    const error = await callTool(bench.upstream, "test_simple_text").catch(failure);
    if (error instanceof Error) expect(error).toMatchObject({ code: "upstream-failed", retryable: false });
    expect(textOf(await callTool(bench.upstream, "test_simple_text"))).toContain("simple text");
    await second.close();
  });
});

describe("the official example server", () => {
  test.each([
    ["streamableHttp", "/mcp", "auto"],
    ["sse", "/sse", "sse"],
  ] as const)(
    "over %s is listed, called and answers questions",
    async (mode, path, transport) => {
      const port = freePort();
      const child = Bun.spawn({
        cmd: [
          join(ROOT, "node_modules/.bin/node"),
          join(ROOT, "node_modules/@modelcontextprotocol/server-everything/dist/index.js"),
          mode,
        ],
        env: { ...process.env, PORT: String(port) },
        stdout: "ignore",
        stderr: "ignore",
      });
      await using bench = await openBench({ url: `http://127.0.0.1:${port}${path}`, transport });
      await until(() => bench.upstream.state() === "ready", 10_000);
      expect(bench.upstream.era()).toBe("legacy");
      expect(textOf(await callTool(bench.upstream, "echo", { message: "über HTTP" }))).toBe("Echo: über HTTP");
      const onServerRequest = async (): Promise<JsonObject> => ({
        role: "assistant",
        model: "m",
        content: { type: "text", text: "forty-two" },
      });
      const result = await callTool(
        bench.upstream,
        "trigger-sampling-request",
        { prompt: "?", maxTokens: 5 },
        { onServerRequest },
      );
      expect(textOf(result)).toContain("forty-two");
      child.kill();
      await child.exited;
    },
    30_000,
  );
});

// ---- scripted servers -------------------------------------------------------------------------------------------

interface Heard {
  readonly method: string;
  readonly rpc: string;
  readonly body: { readonly id?: number; readonly method?: string; readonly params?: Record<string, unknown> };
  readonly headers: Headers;
}

interface Scripted extends AsyncDisposable {
  readonly url: string;
  readonly heard: Heard[];
}

/** Shakes hands in the given era; everything else is up to `reply`. */
function script(era: "modern" | "legacy", reply: (heard: Heard) => Response | Promise<Response>): Scripted {
  const heard: Heard[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const body = request.method === "POST" ? JSON.parse(await request.text()) : {};
      const rpc = String(body.method);
      const each: Heard = { method: request.method, rpc, body, headers: request.headers };
      heard.push(each);
      if (era === "modern" && rpc === "server/discover") {
        return result(each, { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, resultType: "complete" });
      }
      if (era === "legacy" && rpc === "server/discover") return new Response("no", { status: 400 });
      if (rpc === "initialize") {
        const serverInfo = { name: "scripted", version: "1" };
        return result(
          each,
          { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo },
          { "mcp-session-id": `s${heard.length}` },
        );
      }
      if (body.id === undefined && request.method === "POST") return new Response(null, { status: 202 });
      if (request.method === "DELETE") return new Response(null, { status: 200 });
      return reply(each);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/mcp`, heard, [Symbol.asyncDispose]: () => server.stop(true) };
}

function result(heard: Heard, value: object, headers: Record<string, string> = {}): Response {
  return Response.json({ jsonrpc: "2.0", id: heard.body.id, result: value }, { headers });
}

function events(...frames: readonly string[]): Response {
  return new Response(frames.join(""), { headers: { "content-type": "text/event-stream" } });
}

const message = (value: object): string => `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...value })}\n\n`;
const noStream = (): Response => new Response(null, { status: 405 });

function openTo(server: Scripted, config: Partial<UpstreamConfig> = {}): ReturnType<typeof openBench> {
  return openBench({ url: server.url, ...config });
}

describe("headers", () => {
  test("of configuration and lease go with each request; a lease cannot forge the protocol's", async () => {
    await using server = script("modern", (heard) => result(heard, {}));
    await using bench = await openTo(server, { headers: { "X-Team": "a", Authorization: "Bearer configured" } });
    const headers = { authorization: "Bearer leased", "mcp-name": "other", host: "evil" };
    await callTool(bench.upstream, "tool", {}, { headers });
    const call = server.heard.find(({ rpc }) => rpc === "tools/call");
    expect(call?.headers.get("x-team")).toBe("a");
    expect(call?.headers.get("authorization")).toBe("Bearer leased");
    expect(call?.headers.get("mcp-name")).toBe("tool");
    expect(call?.headers.get("host")).toBe(new URL(server.url).host);
    expect(server.heard[0]?.headers.get("authorization")).toBe("Bearer configured");
  });

  test("mirror what runs; a tool that is not known is listed first when the server insists", async () => {
    const inputSchema = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
    await using server = script("modern", (heard) => {
      if (heard.rpc === "tools/list") return result(heard, { tools: [{ name: "deploy", inputSchema }] });
      if (heard.headers.get("mcp-param-region") === "eu")
        return result(heard, { content: [{ type: "text", text: "done" }] });
      return Response.json(
        { jsonrpc: "2.0", id: heard.body.id, error: { code: -32020, message: "header mismatch" } },
        { status: 400 },
      );
    });
    await using bench = await openTo(server);
    expect(textOf(await callTool(bench.upstream, "deploy", { region: "eu" }))).toBe("done");
    expect(server.heard.map(({ rpc }) => rpc)).toEqual(["server/discover", "tools/call", "tools/list", "tools/call"]);
    expect(await callTool(bench.upstream, "deploy", { region: "us" }).catch(failure)).toMatchObject({ code: -32020 });
  });

  test("a tool with invalid marks is not offered", async () => {
    const bad = {
      name: "bad",
      inputSchema: { type: "object", properties: { a: { type: "object", "x-mcp-header": "A" } } },
    };
    await using server = script("modern", (heard) =>
      result(heard, { tools: [bad, { name: "good", inputSchema: { type: "object" } }] }),
    );
    await using bench = await openTo(server);
    expect(await ask(bench.upstream, "tools/list")).toEqual({
      tools: [{ name: "good", inputSchema: { type: "object" } }],
    });
  });

  test("of a legacy session name it and its version; closing says goodbye", async () => {
    await using server = script("legacy", (heard) => (heard.method === "GET" ? noStream() : result(heard, {})));
    const bench = await openTo(server);
    await ask(bench.upstream, "ping");
    await bench.upstreams.close();
    const ping = server.heard.find(({ rpc }) => rpc === "ping");
    expect([ping?.headers.get("mcp-session-id"), ping?.headers.get("mcp-protocol-version")]).toEqual([
      "s2",
      "2025-11-25",
    ]);
    expect(server.heard.at(-1)).toMatchObject({ method: "DELETE" });
  });
});

describe("a session", () => {
  test.each([404, 400])(
    "that the server does not know any more (%d) is opened anew and the request sent once more",
    async (status) => {
      await using server = script("legacy", (heard) => {
        if (heard.method === "GET") return noStream();
        if (heard.headers.get("mcp-session-id") === "s1")
          return new Response('{"error":"No valid session ID provided"}', { status });
        return result(heard, { ok: true });
      });
      await using bench = await openTo(server, { protocol: "legacy" });
      expect(await ask(bench.upstream, "tools/list")).toEqual({ ok: true });
      expect(server.heard.filter(({ rpc }) => rpc === "initialize")).toHaveLength(2);
      expect(server.heard.filter(({ rpc }) => rpc === "tools/list")).toHaveLength(2);
    },
  );
});

describe("a response stream", () => {
  test("that breaks is taken up again after its last event, not before the server's delay", async () => {
    const times: number[] = [];
    await using server = script("legacy", (heard) => {
      const last = heard.headers.get("last-event-id");
      if (heard.method === "GET" && last === null) return noStream();
      times.push(performance.now());
      if (heard.method === "POST") return events("id: e1\nretry: 150\ndata: \n\n");
      if (last === "e1") return events("id: e2\ndata: \n\n");
      return events(
        message({ id: server.heard.find(({ rpc }) => rpc === "tools/call")?.body.id, result: { late: true } }),
      );
    });
    await using bench = await openTo(server, { protocol: "legacy" });
    expect(await callTool(bench.upstream, "tool")).toEqual({ late: true });
    expect(server.heard.map(({ headers }) => headers.get("last-event-id")).filter((id) => id !== null)).toEqual([
      "e1",
      "e2",
    ]);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(145);
  });

  test.each(["modern", "legacy"] as const)("that ends without an answer fails the call (%s)", async (era) => {
    await using server = script(era, (heard) =>
      heard.method === "GET" ? noStream() : events(message({ method: "notifications/message", params: {} })),
    );
    await using bench = await openTo(server);
    const error = await callTool(bench.upstream, "tool").catch(failure);
    expect(error).toMatchObject({ code: "upstream-failed", retryable: false });
    expect(String(error)).toContain(
      "ended its response without an answer while the call was under way; whether it took effect is unknown",
    );
  });

  test("is closed when the client cancels: that is the cancellation in the modern era", async () => {
    let closed = false;
    await using server = script("modern", () => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(":\n\n")),
        cancel: () => {
          closed = true;
        },
      });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    });
    await using bench = await openTo(server);
    const abort = new AbortController();
    const stopped = callTool(bench.upstream, "tool", {}, { signal: abort.signal }).catch(failure);
    await until(() => server.heard.some(({ rpc }) => rpc === "tools/call"));
    abort.abort();
    expect(await stopped).toMatchObject({ code: "cancelled" });
    await until(() => closed);
    expect(server.heard.some(({ rpc }) => rpc === "notifications/cancelled")).toBe(false);
  });

  test("of a legacy call that is late is cancelled by a message", async () => {
    await using server = script("legacy", (heard) =>
      heard.method === "GET" ? noStream() : new Promise<Response>(() => undefined),
    );
    await using bench = await openTo(server, { protocol: "legacy" });
    expect(await callTool(bench.upstream, "tool", {}, { timeoutMs: 200 }).catch(failure)).toMatchObject({
      code: "timeout",
    });
    await until(() => server.heard.some(({ rpc }) => rpc === "notifications/cancelled"));
  });
});

describe("a bad peer", () => {
  const bad: readonly (readonly [string, (heard: Heard) => Response, string, string])[] = [
    [
      "no JSON",
      () => new Response("<html>", { headers: { "content-type": "application/json" } }),
      "upstream-failed",
      "sent a malformed message",
    ],
    [
      "no known kind",
      () => new Response("hello", { headers: { "content-type": "text/plain" } }),
      "upstream-failed",
      "without an answer",
    ],
    ["an error page", () => new Response("<html>oops", { status: 502 }), "upstream-failed", "answered with HTTP 502"],
    [
      "too much",
      () => new Response("x".repeat(17_000_000), { headers: { "content-type": "application/json" } }),
      "too-large",
      "more than 16777216 bytes",
    ],
    ["a refusal", () => new Response("no", { status: 401 }), "upstream-failed", "wants other credentials (HTTP 401)"],
    [
      "a prohibition",
      () => new Response("no", { status: 403 }),
      "upstream-failed",
      "refused our credentials (HTTP 403)",
    ],
  ];
  test.each(bad)("that answers with %s fails the call", async (_what, reply, code, text) => {
    await using server = script("modern", reply);
    await using bench = await openTo(server);
    const error = await callTool(bench.upstream, "tool").catch(failure);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain("`peer`");
    expect(String(error)).toContain(text);
  });

  test("that is not there is named, and met when it comes", async () => {
    const port = freePort();
    await using bench = await openBench({ url: `http://127.0.0.1:${port}/mcp` });
    const error = await ask(bench.upstream, "ping").catch(failure);
    expect(error).toMatchObject({
      code: "upstream-failed",
      retryable: true,
      message: "upstream `peer` cannot be reached; check that it is running",
    });
    const server = startEverythingServer(port);
    await until(() => bench.upstream.state() === "ready");
    await server.close();
  });

  test("is not followed to another origin, with our credentials in hand", async () => {
    await using other = script("modern", (heard) => result(heard, {}));
    await using server = script("modern", () => Response.redirect(other.url, 307));
    await using bench = await openTo(server, { headers: { Authorization: "Bearer secret" } });
    expect(String(await callTool(bench.upstream, "tool").catch(failure))).toContain("redirects to another origin");
    expect(other.heard).toEqual([]);
  });

  test("is followed within its origin, but not in circles", async () => {
    await using server = script("modern", (heard) => {
      if (heard.rpc === "tools/list") return new Response(null, { status: 307, headers: { location: "/mcp?again" } });
      return new Response(null, { status: 302, headers: { location: "/mcp" } });
    });
    await using bench = await openTo(server);
    expect(String(await ask(bench.upstream, "tools/list").catch(failure))).toContain("redirects more than 3 times");
    expect(String(await callTool(bench.upstream, "tool").catch(failure))).toContain("redirects requests (HTTP 302)");
  });

  test("that speaks neither era is told apart from one that is down", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("a web site", { status: 404 }),
    });
    await using bench = await openBench({ url: `http://127.0.0.1:${server.port}/` });
    const error = await ask(bench.upstream, "ping").catch(failure);
    expect(String(error)).toContain("check its url, or set `transport: sse`");
    await server.stop(true);
  });
});

describe("an SSE upstream", () => {
  test("may not name an endpoint on another origin", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => events("event: endpoint\ndata: http://evil.example/post\n\n"),
    });
    await using bench = await openBench({ url: `http://127.0.0.1:${server.port}/sse`, transport: "sse" });
    expect(String(await ask(bench.upstream, "ping").catch(failure))).toContain("named an endpoint on another origin");
    await server.stop(true);
  });

  test("that is none is named", async () => {
    await using server = script("modern", (heard) => result(heard, {}));
    await using bench = await openTo(server, { transport: "sse" });
    expect(String(await ask(bench.upstream, "ping").catch(failure))).toContain("is no HTTP+SSE server");
  });
});

function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  void probe.stop(true);
  return port ?? 0;
}

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAdminClient } from "./index.ts";

let server: Server;
let url = "";
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = () => undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const json = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
};

describe("call()", () => {
  test("sends key, encoded path, query and body, and gives the answer", async () => {
    let seen: unknown;
    answer = (request, response, body) => {
      seen = [request.method, request.url, request.headers["x-api-key"], body];
      json(response, 200, { status: "approved" });
    };
    const client = createAdminClient({ url: `${url}/`, apiKey: "k" });
    const item = await client.call("approvals.approve", { params: { id: "a/b ?" }, body: { comment: "ok" } });
    expect(item.status).toBe("approved");
    expect(seen).toEqual(["POST", "/admin/v1/approvals/a%2Fb%20%3F/approve", "k", '{"comment":"ok"}']);
    await client.call("approvals.list", { query: { status: "denied", limit: 5 } });
    expect(seen).toEqual(["GET", "/admin/v1/approvals?status=denied&limit=5", "k", ""]);
  });

  test("follows cursors in the body and in the header", async () => {
    const pages: Readonly<Record<string, unknown>> = { "": ["a", "b"], "2": ["c"] };
    answer = (request, response) => {
      const cursor = new URL(request.url ?? "/", url).searchParams.get("cursor") ?? "";
      const isArray = request.url?.startsWith("/admin/v1/evidence") === true;
      const next = cursor === "" ? "2" : undefined;
      if (isArray) json(response, 200, pages[cursor], next === undefined ? {} : { "x-next-cursor": next });
      else json(response, 200, { pending: pages[cursor], ...(next === undefined ? {} : { next_cursor: next }) });
    };
    const client = createAdminClient({ url });
    expect(await client.all("approvals.list", {}, ({ pending }): unknown[] | undefined => pending, 10)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(await client.all("evidence.sessions", {}, (sessions): unknown[] => sessions, 2)).toEqual(["a", "b"]);
  });

  test("downloads bytes as they are", async () => {
    answer = (_request, response) => response.writeHead(200).end(Buffer.from([0, 255, 1]));
    const bytes = await createAdminClient({ url }).download("evidence.export", { params: { sid: "s" } });
    expect([...bytes]).toEqual([0, 255, 1]);
  });

  test.each([
    [401, { error: { message: "authentication required" } }, "unauthenticated", "set AEGISFLOW_API_KEY"],
    [403, { error: { message: "requires admin role" } }, "forbidden", "requires admin role"],
    [404, { error: { message: "not found" } }, "not-found", "not found"],
    [409, { error: { message: "in use" } }, "conflict", "in use"],
    [500, "oops", "internal", "answered 500"],
    [200, undefined, "upstream-failed", "did not answer with JSON"],
    [302, undefined, "unavailable", "cannot reach"],
  ])("status %d is an error that says what to do", async (status, body, code, message) => {
    answer = (_request, response) => {
      if (body === undefined) response.writeHead(status, { location: "http://elsewhere.invalid/" }).end("<html>");
      else json(response, status, body);
    };
    const call = createAdminClient({ url }).call("whoami.get");
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("a silent server, a cancelled call and no server are told apart", async () => {
    answer = () => undefined;
    await expect(createAdminClient({ url, timeoutMs: 50 }).call("health.get")).rejects.toMatchObject({
      code: "timeout",
    });
    const aborter = new AbortController();
    const cancelled = createAdminClient({ url }).call("health.get", { signal: aborter.signal });
    aborter.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    await expect(createAdminClient({ url: "http://127.0.0.1:1" }).call("health.get")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("is aegisflow running?"),
    });
  });

  test("wrong use is refused before anything is sent", async () => {
    expect(() => createAdminClient({ url: "ftp://x" })).toThrow("not an http address");
    const client = createAdminClient({ url });
    await expect(client.call("approvals.get")).rejects.toThrow("needs `id`");
    await expect(client.call("approvals.get", { params: { id: ".." } })).rejects.toThrow("cannot be the `id`");
  });
});

test("runs on Node 20 and uses nothing of Bun or node:", async () => {
  const entry = fileURLToPath(new URL("./index.ts", import.meta.url));
  const built = await Bun.build({ entrypoints: [entry], target: "browser" });
  const code = (await built.outputs[0]?.text()) ?? "";
  expect(code).not.toMatch(/\bBun\.|from "node:|require\("node:/);
  const file = join(mkdtempSync(join(tmpdir(), "aegis-")), "client.mjs");
  writeFileSync(file, code);
  answer = (_request, response) => json(response, 200, { status: "ok" });
  const script = `import { createAdminClient } from ${JSON.stringify(file)};
    console.log(process.version, JSON.stringify(await createAdminClient({ url: ${JSON.stringify(url)} }).call("health.get")));`;
  const child = Bun.spawn(["node", "--input-type=module", "-e", script], { stdout: "pipe" });
  const output = await new Response(child.stdout).text();
  expect(output).toMatch(/^v(2[0-9]|[3-9]\d)\.\S+ \{"status":"ok"\}\n$/);
});

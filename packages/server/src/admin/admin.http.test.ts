import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import type { Listener } from "../runtime/runtime.ts";
import { openAdminFixture, secretOf } from "./admin-fixture.ts";

let listener: Listener;
let origin = "";
beforeAll(async () => {
  const { handler } = await openAdminFixture();
  listener = await bunRuntime.listen({ host: "127.0.0.1", port: 0, handler, idleTimeoutS: 30 });
  origin = `http://127.0.0.1:${listener.port}`;
});
afterAll(() => listener.close(0));

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${origin}${path}`, { redirect: "manual", ...init });

/** Raw bytes in, the first line of the answer out. */
function statusLine(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(listener.port, "127.0.0.1", () => socket.write(text));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString().split("\r\n")[0] ?? "");
    });
    socket.once("error", () => resolve("closed"));
  });
}

describe("over the wire", () => {
  test("a person signs in, reads and decides with nothing but forms", async () => {
    const headers = { "x-api-key": secretOf("operator") };
    const body = JSON.stringify({ protocol: "mcp", tool: "github.create_issue", target: "o/r" });
    const { approval_id: id } = await (await ask("/admin/v1/test-action", { method: "POST", headers, body })).json();
    const signedIn = await ask("/approvals/sign-in", {
      method: "POST",
      headers: { origin },
      body: new URLSearchParams({ key: secretOf("admin"), to: `/approvals/${id}` }),
    });
    expect(signedIn.headers.get("location")).toBe(`/approvals/${id}`);
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const page = await (await ask(`/approvals/${id}`, { headers: { cookie } })).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const decided = await ask(`/approvals/${id}/approve`, {
      method: "POST",
      headers: { cookie, origin },
      body: new URLSearchParams({ csrf, comment: "ok" }),
    });
    expect(decided.status).toBe(303);
    const item = await (await ask(`/admin/v1/approvals/${id}`, { headers })).json();
    expect(item).toMatchObject({ status: "approved", reviewer: "admin", review_comment: "ok" });
  });

  test("a body that is announced or turns out too large is 413", async () => {
    const headers = { "x-api-key": secretOf("operator") };
    const large = "x".repeat(1_100_000);
    expect((await ask("/admin/v1/simulate", { method: "POST", headers, body: large })).status).toBe(413);
    const start = `POST /admin/v1/simulate HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${secretOf("operator")}\r\n`;
    expect(await statusLine(`${start}Content-Length: 99999999\r\n\r\n`)).toMatch(/ 413 /);
  });

  test.each([
    ["two keys", `X-API-Key: ${secretOf("agent")}\r\nX-API-Key: ${secretOf("admin")}`, 400],
    ["two authorizations", `Authorization: Bearer a\r\nAuthorization: Bearer ${secretOf("admin")}`, 400],
    ["two hosts", `Host: evil.example\r\nX-API-Key: ${secretOf("admin")}`, 400],
    ["a key that is no header value", "X-API-Key: a\u0000b", 400],
    ["an unfinished key", "X-API-Key: secret-of-", 401],
  ])("%s get no further", async (_name, lines, status) => {
    expect(await statusLine(`GET /admin/v1/keys HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n`)).toContain(
      ` ${status} `,
    );
  });

  test.each([
    "/admin/v1/../v1/keys",
    "/admin/v1/%2e%2e/v1/keys",
    "//admin/v1/keys",
    "/admin/v1/keys/",
    "/ADMIN/v1/keys",
    "/admin/v1/keys%00",
  ])("%s does not get around the key", async (path) => {
    expect(await statusLine(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(/ (?:401|404) /);
  });
});

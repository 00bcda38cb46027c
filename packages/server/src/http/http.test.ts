import { describe, expect, test } from "bun:test";
import { AegisError } from "@aegisflow/core/errors";
import { ERROR_TABLE, toErrorBody, toErrorResponse, wrongMethodResponse } from "./error-response.ts";
import { createLocalRequestCheck } from "./local-request.ts";
import { parseJsonBody } from "./read-json.ts";
import { createRouter } from "./router.ts";

describe("createRouter()", () => {
  const router = createRouter([
    { method: "GET", path: "/a", value: "a" },
    { method: "POST", path: "/a", value: "a-post" },
    { method: "GET", path: "/a/{id}", value: "one" },
    { method: "GET", path: "/a/history", value: "history" },
    { method: "POST", path: "/a/{id}/approve", value: "approve" },
    { method: "GET", path: "/a/{x}/{y}/z", value: "deep" },
  ]);

  test.each([
    ["GET", "/a", "a", {}],
    ["HEAD", "/a", "a", {}],
    ["POST", "/a", "a-post", {}],
    ["GET", "/a/history", "history", {}],
    ["GET", "/a/1%2F2", "one", { id: "1/2" }],
    ["POST", "/a/history/approve", "approve", { id: "history" }],
    ["GET", "/a/b/c/z", "deep", { x: "b", y: "c" }],
  ])("%s %s finds %s", (method, path, value, params) => {
    expect(router.match(method, path)).toEqual({ kind: "found", value, params });
  });

  test.each(["/", "", "/b", "/a/", "/a/b/c", "/a//approve", "/a/%zz", "/A", "a"])("%s is unknown", (path) => {
    expect(router.match("GET", path)).toEqual({ kind: "unknown-path" });
  });

  test("a wrong method names the right ones", () => {
    expect(router.match("DELETE", "/a")).toEqual({ kind: "wrong-method", allow: ["GET", "POST"] });
    expect(wrongMethodResponse("DELETE", ["GET", "POST"])).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST" },
    });
  });

  test("the same route twice is refused", () => {
    const route = { method: "GET", path: "/{a}", value: 1 };
    expect(() => createRouter([route, { ...route, path: "/{b}" }])).toThrow("defined twice");
  });
});

describe("toErrorResponse()", () => {
  test("says 401 and 403 apart, each with its word", () => {
    expect(toErrorResponse(new AegisError("unauthenticated", "no key"))).toMatchObject({
      status: 401,
      headers: { "www-authenticate": expect.any(String) },
    });
    expect(toErrorBody(new AegisError("forbidden", "role"))).toEqual({
      error: { code: 403, message: "role", type: "forbidden" },
    });
  });

  test("tells nothing of a foreign error", () => {
    expect(toErrorBody(new Error("/etc/secret")).error).toEqual({
      code: 500,
      message: "internal error; see the server's log",
      type: "server_error",
    });
  });

  test("has a row for every code", () => {
    for (const { status } of Object.values(ERROR_TABLE)) expect(status).toBeGreaterThanOrEqual(400);
  });
});

describe("parseJsonBody()", () => {
  const parse = (text: string) => parseJsonBody(new TextEncoder().encode(text), 1000);
  test.each(['{"a":1,"a":2}', "{", '{"a":1e999}', "[".repeat(40) + "]".repeat(40), `"${"x".repeat(1001)}"`])(
    "refuses %s",
    (text) => {
      expect(() => parse(text)).toThrow("request body is not valid JSON");
    },
  );
  test("refuses bytes that are not UTF-8", () => {
    expect(() => parseJsonBody(new Uint8Array([0x22, 0xff, 0x22]), 1000)).toThrow("not UTF-8");
  });
});

describe("createLocalRequestCheck()", () => {
  const check = (bindHost: string, headers: Readonly<Record<string, string>>, allowedHosts: readonly string[] = []) => {
    const local = createLocalRequestCheck({
      bindHost,
      allowedHosts,
      allowedOrigins: ["https://console.example"],
    });
    try {
      local.assertLocal(new Map(Object.entries(headers)));
      return "ok";
    } catch {
      return "refused";
    }
  };
  test.each([
    ["127.0.0.1", { host: "127.0.0.1:8081" }, "ok"],
    ["127.0.0.1", { host: "LOCALHOST:1" }, "ok"],
    ["127.0.0.1", { host: "[::1]:8081" }, "ok"],
    ["127.0.0.1", { host: "evil.example" }, "refused"],
    ["127.0.0.1", { host: "127.0.0.1.evil.example" }, "refused"],
    ["127.0.0.1", { host: "localhost.evil.example:8081" }, "refused"],
    ["127.0.0.1", {}, "refused"],
    ["127.0.0.1", { host: "localhost:8081", origin: "http://localhost:8081" }, "ok"],
    ["127.0.0.1", { host: "localhost:8081", origin: "http://localhost:3000" }, "refused"],
    ["127.0.0.1", { host: "localhost:8081", origin: "null" }, "refused"],
    ["127.0.0.1", { host: "localhost:8081", origin: "https://console.example" }, "ok"],
    ["127.0.0.1", { host: "localhost:8081", origin: "https://console.example.evil.example" }, "refused"],
    ["10.0.0.5", { host: "10.0.0.5:8081" }, "ok"],
    ["0.0.0.0", { host: "any.example" }, "ok"],
    ["0.0.0.0", { host: "any.example", origin: "https://evil.example" }, "refused"],
    ["0.0.0.0", { host: "any.example", origin: "https://any.example" }, "ok"],
    ["unix:/run/a.sock", {}, "ok"],
  ])("bound to %s, %j is %s", (bindHost, headers, verdict) => {
    expect(check(bindHost, headers)).toBe(verdict);
  });
  test("bound to every address with a list, only the list passes", () => {
    expect(check("0.0.0.0", { host: "aegis.example:443" }, ["aegis.example"])).toBe("ok");
    expect(check("0.0.0.0", { host: "other.example" }, ["aegis.example"])).toBe("refused");
  });
});

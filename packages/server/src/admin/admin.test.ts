import { beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ADMIN_ROUTES, type AdminRoute } from "@aegisflow/core/admin-api/admin-api";
import type { OutboundResponse } from "../runtime/runtime.ts";
import { inbound, openAdminFixture, textOf } from "./admin-fixture.ts";

const routes: readonly AdminRoute[] = ADMIN_ROUTES;
const MATRIX_FILE = fileURLToPath(new URL("./role-matrix.golden.txt", import.meta.url));
const CALLERS = [
  "none",
  "agent",
  "viewer",
  "operator",
  "admin",
  "acme-agent",
  "acme-viewer",
  "acme-operator",
  "acme-admin",
];

let fixture: Awaited<ReturnType<typeof openAdminFixture>>;
beforeEach(async () => {
  fixture = await openAdminFixture();
});

const ask = (method: string, path: string, input: Parameters<typeof inbound>[2] = {}): Promise<OutboundResponse> =>
  fixture.handler(inbound(method, path, input));

const jsonOf = (response: OutboundResponse) => JSON.parse(textOf(response));

async function call(method: string, path: string, key: string, body?: unknown) {
  const response = await ask(method, path, body === undefined ? { key } : { key, body });
  return { status: response.status, headers: response.headers, json: jsonOf(response) };
}

const WRITE = { protocol: "mcp", tool: "github.create_pull_request", target: "o/r", params: { title: "hi" } };

/** An approval asked for by this key. */
async function askForReview(key: string, params: Readonly<Record<string, unknown>> = WRITE.params): Promise<string> {
  const { json } = await call("POST", "/admin/v1/test-action", key, { ...WRITE, params });
  return json.approval_id;
}

describe("roles", () => {
  test("every route answers every role as the golden matrix says", async () => {
    const lines: string[] = [];
    for (const { method, path } of routes) {
      const cells: string[] = [];
      for (const caller of CALLERS) {
        const concrete = path.replace(/\{\w+\}/g, "1");
        const response = await ask(method, concrete, caller === "none" ? {} : { key: caller });
        const passed = response.status !== 401 && response.status !== 403;
        cells.push(passed ? "ok" : String(response.status));
      }
      lines.push(
        `${`${method} ${path}`.padEnd(58)}${cells
          .map((cell) => cell.padEnd(14))
          .join("")
          .trimEnd()}`,
      );
    }
    const head = `${"route".padEnd(58)}${CALLERS.map((caller) => caller.padEnd(14))
      .join("")
      .trimEnd()}`;
    const matrix = `${[head, ...lines].join("\n")}\n`;
    if (process.env.AEGISFLOW_UPDATE_GOLDEN === "1") writeFileSync(MATRIX_FILE, matrix);
    expect(matrix).toBe(readFileSync(MATRIX_FILE, "utf8"));
  });

  test("no key and a wrong key are 401, a weaker role is 403", async () => {
    expect(jsonOf(await ask("GET", "/admin/v1/status"))).toEqual({
      error: { code: 401, message: expect.stringContaining("authentication required"), type: "authentication_error" },
    });
    expect((await ask("GET", "/admin/v1/status", { headers: { "x-api-key": "wrong" } })).status).toBe(401);
    expect(await call("POST", "/admin/v1/keys", "operator", {})).toMatchObject({
      status: 403,
      json: { error: { message: "insufficient permissions — requires admin role", type: "forbidden" } },
    });
  });

  test("an unknown path is 404 and a wrong method 405 with what is allowed", async () => {
    expect((await ask("GET", "/admin/v1/nothing", { key: "admin" })).status).toBe(404);
    expect(await ask("DELETE", "/admin/v1/keys", { key: "admin" })).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST" },
    });
    expect((await ask("POST", "/health")).status).toBe(405);
  });

  test("a page of another site is refused before its key is looked at", async () => {
    for (const headers of [{ host: "evil.example" }, { origin: "https://evil.example" }, { origin: "null" }]) {
      expect((await ask("GET", "/admin/v1/whoami", { key: "admin", headers })).status).toBe(403);
    }
  });
});

describe("input", () => {
  test.each([
    ["GET", "/admin/v1/approvals?status=nope", undefined, "query parameter `status`"],
    ["GET", "/admin/v1/approvals?limit=0", undefined, "query parameter `limit`"],
    ["GET", "/admin/v1/approvals?limit=1&limit=2", undefined, "more than once"],
    ["GET", "/admin/v1/approvals?unknown=1", undefined, "unknown"],
    ["GET", "/admin/v1/approvals?cursor=x", undefined, "cursor"],
    ["POST", "/admin/v1/test-action", { tool: "x" }, "field `protocol`"],
    ["POST", "/admin/v1/keys", { name: "a", role: "root" }, "field `role`"],
    ["POST", "/admin/v1/keys", { name: "a", role: "viewer", extra: 1 }, "extra"],
    ["GET", "/admin/v1/policy-versions/abc", undefined, "version must be an integer"],
  ])("%s %s %j is refused by name", async (method, path, body, message) => {
    const { status, json } = await call(method, path, "admin", body);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ type: "invalid_request", message: expect.stringContaining(message) });
  });

  test("bodies are strict JSON and bounded", async () => {
    const send = (text: string) =>
      ask("POST", "/admin/v1/simulate", { key: "viewer", bytes: new TextEncoder().encode(text) });
    expect((await send('{"tool":"a","tool":"b"}')).status).toBe(400);
    expect((await send("{")).status).toBe(400);
    expect((await send(`{"tool":"${"x".repeat(2_000_000)}"}`)).status).toBe(413);
  });

  test("a failure inside tells nothing but its request id", async () => {
    fixture.ports.approvals.list = () => {
      throw new Error("/var/secret");
    };
    const response = await ask("GET", "/admin/v1/approvals", { key: "viewer", headers: { "x-request-id": "abc-1" } });
    expect(response.status).toBe(500);
    expect(textOf(response)).not.toContain("secret");
    expect(response.headers["x-request-id"]).toBe("abc-1");
    expect(fixture.logged).toEqual(["an admin request failed"]);
  });
});

describe("approvals", () => {
  test("the reference client's way: test-action, pending, approve, history", async () => {
    const id = await askForReview("operator");
    const pending = await call("GET", "/admin/v1/approvals", "viewer");
    expect(pending.json.pending).toMatchObject([
      { id, status: "pending", envelope: { tool: WRITE.tool, parameters: WRITE.params } },
    ]);
    const approved = await call("POST", `/admin/v1/approvals/${id}/approve`, "admin", {
      comment: "ok",
      reviewer: "forged",
    });
    expect(approved.json).toMatchObject({ id, status: "approved", reviewer: "admin", review_comment: "ok" });
    expect(await call("POST", `/admin/v1/approvals/${id}/deny`, "admin")).toMatchObject({
      status: 400,
      json: { error: { message: `approval item not found or already reviewed: ${id}` } },
    });
    expect(await call("POST", "/admin/v1/approvals/none/approve", "admin")).toMatchObject({ status: 400 });
    const history = await call("GET", "/admin/v1/approvals/history", "viewer");
    expect(history.json.history).toMatchObject([{ id, status: "approved" }]);
    expect((await call("GET", "/admin/v1/approvals?status=approved", "viewer")).json.approvals).toHaveLength(1);
  });

  test("nobody settles what they asked for", async () => {
    const id = await askForReview("operator");
    expect(await call("POST", `/admin/v1/approvals/${id}/approve`, "operator")).toMatchObject({
      status: 403,
      json: { error: { message: expect.stringContaining("separation of duties") } },
    });
    expect(await call("POST", `/admin/v1/approvals/${id}/cancel`, "operator")).toMatchObject({
      status: 200,
      json: { status: "cancelled" },
    });
  });

  test("an agent sees where its own requests stand, nothing else", async () => {
    const id = await askForReview("operator");
    expect((await call("GET", `/admin/v1/approvals/${id}/status`, "agent")).status).toBe(404);
    expect((await call("GET", `/admin/v1/approvals/${id}/status`, "viewer")).json).toMatchObject({
      id,
      status: "pending",
    });
    expect((await call("POST", `/admin/v1/approvals/${id}/cancel`, "agent")).status).toBe(400);
  });

  test("lists go on with their cursor", async () => {
    const asked = [];
    for (const index of [1, 2, 3]) asked.push(await askForReview("operator", { index }));
    const first = await call("GET", "/admin/v1/approvals?limit=2", "viewer");
    const second = await call(
      "GET",
      `/admin/v1/approvals?limit=2&cursor=${encodeURIComponent(first.json.next_cursor)}`,
      "viewer",
    );
    const listed = [...first.json.pending, ...second.json.pending].map(({ id }: { id: string }) => id);
    expect(listed).toEqual(asked.reverse());
    expect(second.json.next_cursor).toBeUndefined();
  });
});

describe("tenants", () => {
  test("people of a tenant see and settle their own, the installation's see all", async () => {
    const [own, foreign] = [await askForReview("acme-operator"), await askForReview("operator")];
    const pendingOf = async (key: string) =>
      (await call("GET", "/admin/v1/approvals", key)).json.pending.map(({ id }: { id: string }) => id);
    expect(await pendingOf("acme-viewer")).toEqual([own]);
    expect((await pendingOf("viewer")).sort()).toEqual([own, foreign].sort());
    expect((await call("GET", `/admin/v1/approvals/${foreign}`, "acme-admin")).status).toBe(404);
    expect((await call("POST", `/admin/v1/approvals/${foreign}/approve`, "acme-admin")).status).toBe(400);
    expect((await call("POST", `/admin/v1/approvals/${own}/approve`, "acme-admin")).status).toBe(200);
    expect((await call("GET", `/admin/v1/actions/${foreign}/why`, "acme-viewer")).status).toBe(404);
    expect((await call("GET", `/admin/v1/actions/${foreign}/why`, "viewer")).json).toMatchObject({ tool: WRITE.tool });
    expect((await call("GET", "/admin/v1/status", "acme-viewer")).json).toMatchObject({
      approvals: { pending: 0 },
      upstreams: [],
    });
    expect((await call("GET", "/admin/v1/status", "viewer")).json).toMatchObject({
      approvals: { pending: 1 },
      upstreams: [{ name: "forge" }],
    });
  });

  test("evidence of another tenant is out of reach", async () => {
    await askForReview("acme-operator");
    await askForReview("operator");
    const owners = async (key: string, query = "") => {
      const { json } = await call("GET", `/admin/v1/evidence/sessions${query}`, key);
      return json.map(({ tenant }: { tenant: string }) => tenant);
    };
    expect(await owners("acme-viewer")).toEqual(["acme"]);
    expect((await owners("viewer")).sort()).toEqual(["acme", "default", "system"]);
    expect(await owners("viewer", "?tenant=acme")).toEqual(["acme"]);
    const path = "/admin/v1/evidence/sessions/test-operator/export";
    expect((await ask("GET", `${path}?tenant=default`, { key: "acme-admin" })).status).toBe(403);
    expect((await ask("GET", path, { key: "acme-admin" })).status).toBe(404);
    expect(
      (await ask("GET", "/admin/v1/evidence/sessions/test-acme-operator/export?tenant=acme", { key: "viewer" })).status,
    ).toBe(200);
  });
});

describe("evidence", () => {
  test("an export is the bundle itself, as a file", async () => {
    await askForReview("operator");
    const response = await ask("GET", "/admin/v1/evidence/sessions/test-operator/export", { key: "viewer" });
    expect(response.headers["content-disposition"]).toBe('attachment; filename="test-operator.aegis"');
    expect(jsonOf(response)[0]).toMatchObject({ sid: "test-operator" });
    const html = await ask("GET", "/admin/v1/evidence/sessions/test-operator/report.html", { key: "viewer" });
    expect(html.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringContaining("sandbox"),
    });
    const verified = await call("POST", "/admin/v1/evidence/sessions/test-operator/verify", "viewer");
    expect(verified.json).toMatchObject({ valid: true, verdicts: { paired: { verdict: "PASS" } } });
  });

  test("long lists carry their cursor in a header", async () => {
    await askForReview("operator");
    await askForReview("admin");
    const response = await ask("GET", "/admin/v1/evidence/sessions?limit=1", { key: "viewer" });
    expect(response.headers["x-next-cursor"]).toBe("next");
  });
});

describe("decisions", () => {
  test("test-action decides and records with the reference's shape and words", async () => {
    const of = async (tool: string) =>
      (await call("POST", "/admin/v1/test-action", "operator", { ...WRITE, tool })).json;
    expect(await of("github.list_repos")).toMatchObject({
      decision: "allow",
      message: "Action is allowed by policy",
      evidence_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await of("github.create_issue")).toMatchObject({
      decision: "review",
      message: "Action requires human review",
      approval_id: expect.any(String),
    });
    const blocked = await of("github.delete_repo");
    expect(blocked).toMatchObject({ decision: "block", message: "Action is blocked by policy", rule: "(default)" });
    expect(blocked.approval_id).toBeUndefined();
  });

  test("simulate says the same and records nothing", async () => {
    const before = fixture.records.length;
    const { json } = await call("POST", "/admin/v1/simulate", "viewer", WRITE);
    expect(json).toMatchObject({
      action: WRITE.tool,
      decision: "review",
      trace: { decision: "review", matched_index: 1, check_trace: [{ matched: false }, { matched: true }] },
    });
    expect(fixture.records).toHaveLength(before);
  });
});

describe("the installation", () => {
  test("policy versions are listed and shown, the present one cannot be rolled back to", async () => {
    expect((await call("GET", "/admin/v1/policy-versions", "viewer")).json).toMatchObject([
      { version: 1, active: true, rule_count: 2, default_decision: "block" },
    ]);
    expect((await call("GET", "/admin/v1/policy-versions/current", "viewer")).json.rules).toHaveLength(2);
    expect((await call("GET", "/admin/v1/policy-versions/9", "viewer")).status).toBe(404);
    expect((await call("POST", "/admin/v1/policy-versions/1/rollback", "admin", { reason: "x" })).status).toBe(409);
    expect((await call("GET", "/admin/v1/policies", "viewer")).json).toMatchObject({
      default_decision: "block",
      rules: [{ id: "config/1" }, {}],
    });
    expect((await call("GET", "/admin/v1/config", "operator")).json).toMatchObject({
      version: 1,
      config: { tool_policies: {} },
    });
  });

  test("a break-glass grant is made, listed and ended", async () => {
    const made = await call("POST", "/admin/v1/break-glass", "admin", {
      tenant: "acme",
      reason: "engine down",
      minutes: 5,
    });
    expect(made).toMatchObject({ status: 201, json: { tenant: "acme", granted_by: "admin", active: true } });
    expect((await call("GET", "/admin/v1/break-glass", "viewer")).json.grants).toHaveLength(1);
    expect((await call("POST", `/admin/v1/break-glass/${made.json.id}/revoke`, "admin")).json).toMatchObject({
      active: false,
      revoked_by: "admin",
    });
    expect(
      (await call("POST", "/admin/v1/break-glass", "admin", { tenant: "nobody", reason: "x", minutes: 5 })).status,
    ).toBe(400);
  });

  test("a changed tool is listed, and accepted only as it was looked at", async () => {
    const { pins } = fixture.ports.mcp;
    const observing = pins as unknown as { observe(upstream: string, definition: object): unknown };
    observing.observe("forge", { name: "f", description: "old" });
    observing.observe("forge", { name: "f", description: "new" });
    const { json } = await call("GET", "/admin/v1/tool-pins?waiting=true", "viewer");
    expect(json.pins).toMatchObject([
      { upstream: "forge", tool: "f", state: "changed", changes: [{ path: "description" }] },
    ]);
    const [pin] = json.pins;
    const accept = (hash: string) =>
      call("POST", "/admin/v1/tool-pins/accept", "operator", { upstream: "forge", tool: "f", hash });
    expect((await accept(pin.accepted_hash)).status).toBe(409);
    expect((await accept(pin.seen_hash)).json).toMatchObject({ state: "accepted", accepted_by: "operator" });
  });

  test("keys are made, used, rotated and ended", async () => {
    const made = await call("POST", "/admin/v1/keys", "admin", { name: "ci", role: "viewer" });
    expect(made.status).toBe(201);
    const withSecret = (secret: string) =>
      ask("GET", "/admin/v1/whoami", { headers: { authorization: `Bearer ${secret}` } });
    expect(jsonOf(await withSecret(made.json.secret))).toEqual({
      id: made.json.key.id,
      name: "ci",
      role: "viewer",
      tenant_id: "default",
      tenant_name: "The default tenant",
    });
    const rotated = await call("POST", `/admin/v1/keys/${made.json.key.id}/rotate`, "admin");
    expect((await withSecret(made.json.secret)).status).toBe(401);
    expect((await withSecret(rotated.json.secret)).status).toBe(200);
    await call("POST", `/admin/v1/keys/${made.json.key.id}/revoke`, "admin");
    expect((await withSecret(rotated.json.secret)).status).toBe(401);
    const listed = (await call("GET", "/admin/v1/keys", "admin")).json.keys;
    expect(JSON.stringify(listed)).not.toMatch(/secret|hash/);
  });
});

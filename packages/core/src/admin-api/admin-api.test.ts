import { expect, test } from "bun:test";
import { z } from "zod";
import { ADMIN_ROUTES } from "./admin-api.ts";
import { type AdminRoute, pathParameters } from "./route.ts";

const routes: readonly AdminRoute[] = ADMIN_ROUTES;

test("route names, and methods with paths, are unique", () => {
  expect(new Set(routes.map(({ name }) => name)).size).toBe(routes.length);
  expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
});

test("every schema of every route becomes JSON Schema", () => {
  for (const { query, body, responses } of routes) {
    const schemas = [query, body, ...Object.values(responses).map(({ schema }) => schema)];
    for (const schema of schemas)
      if (schema !== undefined) expect(z.toJSONSchema(schema, { io: "input" })).toBeObject();
  }
});

test("only the health route is open, and nothing that changes something is a GET", () => {
  expect(routes.filter(({ role }) => role === "open").map(({ name }) => name)).toEqual(["health.get"]);
  for (const { method, body } of routes) if (body !== undefined) expect(method).toBe("POST");
});

test("an agent reaches its own approvals and its own name only", () => {
  const reached = routes.filter(({ role }) => role === "agent").map(({ name }) => name);
  expect(reached.sort()).toEqual(["approvals.cancel", "approvals.status", "whoami.get"]);
});

test("pathParameters() gives the names in order", () => {
  expect(pathParameters("/a/{b}/c/{d}")).toEqual(["b", "d"]);
});

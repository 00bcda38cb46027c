import { expect, test } from "bun:test";
import { canonicalJson } from "@aegisflow/evidence";
import fc from "fast-check";
import type { ActionDraft, JsonObject } from "./action.ts";
import { sealEnvelope } from "./envelope.ts";

const marks = { id: "id-1", timestamp: "2026-11-23T10:11:12.123456Z" };
const draft: ActionDraft = {
  actor: { type: "agent", id: "key-1", session_id: "s-1", tenant_id: "default" },
  task: "t",
  protocol: "mcp",
  tool: "github.create_pull_request",
  target: "acme/api",
  target_kind: "repo",
  parameters: { title: "x", nested: { b: 1, a: [true, null, 1.5] } },
  requested_capability: "write",
  effects: [{ kind: "write", operation: "github.create_pull_request" }],
};

test("the fingerprint ignores time, id, session and key order, and nothing else", () => {
  const base = sealEnvelope(draft, marks).fingerprint;
  const same = sealEnvelope(
    {
      ...draft,
      actor: { ...draft.actor, session_id: "s-2" },
      parameters: { nested: { a: [true, null, 1.5], b: 1 }, title: "x" },
    },
    { id: "id-2", timestamp: "2027-01-01T00:00:00.000000Z" },
  );
  expect(same.fingerprint).toBe(base);
  const others: Partial<ActionDraft>[] = [
    { actor: { ...draft.actor, tenant_id: "other" } },
    { actor: { ...draft.actor, id: "key-2" } },
    { actor: { ...draft.actor, type: "user" } },
    { protocol: "git" },
    { tool: "github.merge_pull_request" },
    { target: "acme/web" },
    { requested_capability: "delete" },
    { parameters: { ...draft.parameters, title: "y" } },
    { parameters: { ...draft.parameters, extra: null } },
  ];
  const fingerprints = others.map((other) => sealEnvelope({ ...draft, ...other }, marks).fingerprint);
  expect(new Set([base, ...fingerprints]).size).toBe(others.length + 1);
});

test("fields cannot run into each other in the fingerprint", () => {
  const a = sealEnvelope({ ...draft, tool: 'x","y', target: "z" }, marks).fingerprint;
  const b = sealEnvelope({ ...draft, tool: "x", target: 'y","z' }, marks).fingerprint;
  expect(a).not.toBe(b);
});

test("a sealed envelope shares nothing with its draft and cannot be changed", () => {
  const parameters = { list: [1, 2], deep: { x: "1" } };
  const envelope = sealEnvelope({ ...draft, parameters }, marks);
  parameters.deep.x = "2";
  parameters.list.push(3);
  expect(envelope.parameters).toEqual({ list: [1, 2], deep: { x: "1" } });
  expect(() => Object.assign(envelope.parameters["deep"] as object, { x: "3" })).toThrow();
  expect(() => Object.assign(envelope.actor, { id: "root" })).toThrow();
  expect(() => Object.assign(envelope.effects[0] ?? {}, { kind: "read" })).toThrow();
  expect(() => Object.assign(envelope, { tool: "other" })).toThrow();
});

/** Integers beyond 2^53-1 are refused before they get here; every other JSON value can be sealed. */
const value = fc.jsonValue({ maxDepth: 3 }).filter((json) => !/\d{16}|e\+/.test(JSON.stringify(json)));

test("one changed value anywhere in the parameters changes the fingerprint", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      const seal = (value: unknown) => sealEnvelope({ ...draft, parameters: { value } as JsonObject }, marks);
      const [left, right] = [seal(a), seal(b)];
      expect(left.fingerprint === right.fingerprint).toBe(left.canonical_parameters === right.canonical_parameters);
      expect(canonicalJson(left.parameters)).toBe(left.canonical_parameters);
    }),
    { numRuns: 500 },
  );
});

const BAD: readonly (readonly [string, Partial<ActionDraft>])[] = [
  ["tool is required", { tool: "" }],
  ["target is required", { target: "" }],
  ["task is required", { task: "" }],
  ["actor.id is required", { actor: { ...draft.actor, id: "" } }],
  ["actor.tenant_id is required", { actor: { ...draft.actor, tenant_id: "" } }],
  ["protocol `ftp` is not one of", { protocol: "ftp" as "mcp" }],
  ["requested_capability `all` is not one of", { requested_capability: "all" as "read" }],
  ["parameters must be an object", { parameters: [] as unknown as JsonObject }],
  ["parameters cannot be sealed", { parameters: { x: Number.NaN } }],
  ["parameters cannot be sealed", { parameters: { x: undefined } as unknown as JsonObject }],
];

for (const [message, change] of BAD) {
  test(`a draft is refused: ${message}`, () => {
    expect(() => sealEnvelope({ ...draft, ...change }, marks)).toThrow(message);
  });
}

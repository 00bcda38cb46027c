import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AegisError } from "@aegisflow/core/errors";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { EvidenceDraft } from "../governance/ports.ts";
import { createSystemClock, systemRandom } from "../runtime/sources.ts";
import { createMemoryApiKeyStore } from "../storage/memory/api-key-store.ts";
import { createFailedAttempts, FAILED_ATTEMPTS_MAX } from "./failed-attempts.ts";
import {
  assertInstallation,
  assertRole,
  createApiKeys,
  createAuthenticator,
  createConfiguredKeys,
  createFirstKeys,
  createKeyHash,
  dataFolderPath,
  openDataFolder,
  openSecretFile,
  replaceAdminKey,
} from "./identity.ts";

const TENANTS = [
  {
    id: "acme",
    name: "Acme Inc",
    api_keys: [
      { key: "acme-operator", role: "operator" },
      { key: " acme-admin ", role: "admin", actor: "alice" },
    ],
  },
];

function setUp() {
  let nowMs = 1_700_000_000_000;
  const clock = { ...createSystemClock(), nowMs: () => nowMs };
  const records: EvidenceDraft[] = [];
  let failing = false;
  const evidence = {
    append: async (draft: EvidenceDraft) => {
      if (failing) throw new AegisError("unavailable", "evidence store is down");
      records.push(draft);
      return { leaf: "a".repeat(64), seq: 0, sid: draft.sid };
    },
  };
  const store = createMemoryApiKeyStore();
  const hashKey = createKeyHash(new Uint8Array(32).fill(7));
  let configured = createConfiguredKeys(TENANTS, hashKey);
  const ports = {
    store,
    configured: () => configured,
    evidence,
    sources: { clock, random: systemRandom },
    hashKey,
    pseudonymOf: (tenant: string, principal: string) => `ref(${tenant.length}${principal.length})`,
  };
  const authenticator = createAuthenticator({ store, configured: () => configured, hashKey, clock });
  return {
    ports,
    store,
    records,
    authenticator,
    keys: createApiKeys(ports),
    ask: (key: string) => authenticator.authenticate(new Map([["x-api-key", key]]), "10.0.0.1"),
    advance: (ms: number) => {
      nowMs += ms;
    },
    configure: (tenants: typeof TENANTS) => {
      configured = createConfiguredKeys(tenants, hashKey);
    },
    failEvidence: () => {
      failing = true;
    },
  };
}

const admin: Principal = { id: "root", name: "root", role: "admin", tenant: "default" };
const folder = () => mkdtempSync(join(tmpdir(), "aegis-"));

describe("authenticate()", () => {
  test("finds the principal by either header, X-API-Key first", () => {
    const { authenticator } = setUp();
    const ask = (headers: Readonly<Record<string, string>>) =>
      authenticator.authenticate(new Map(Object.entries(headers)), "a").id;
    expect(ask({ "x-api-key": "acme-admin" })).toBe("alice");
    expect(ask({ authorization: "Bearer acme-admin" })).toBe("alice");
    expect(ask({ authorization: "bearer  acme-admin " })).toBe("alice");
    expect(ask({ "x-api-key": "acme-operator", authorization: "Bearer acme-admin" })).toMatch(/^key-[0-9a-f]{12}$/);
    expect(ask({ "x-api-key": " ", authorization: "Bearer acme-admin" })).toBe("alice");
  });

  test.each([
    [{}, "authentication required"],
    [{ authorization: "Basic YWNtZQ==" }, "authentication required"],
    [{ authorization: "Bearer " }, "authentication required"],
    [{ "x-api-key": "wrong" }, "unknown API key"],
    [{ "x-api-key": "x".repeat(10_000) }, "unknown API key"],
  ])("refuses %j", (headers, message) => {
    const { authenticator } = setUp();
    const ask = () => authenticator.authenticate(new Map(Object.entries(headers)), "a");
    expect(ask).toThrow(message);
    expect(ask).toThrow(expect.objectContaining({ code: "unauthenticated" }));
  });

  test("slows guessing down, but never a right key", () => {
    const { ask, advance } = setUp();
    for (let guess = 0; guess < FAILED_ATTEMPTS_MAX; guess += 1)
      expect(() => ask(`guess-${guess}`)).toThrow("unknown API key");
    expect(() => ask("one more")).toThrow("too many wrong API keys");
    expect(ask("acme-admin").id).toBe("alice");
    advance(60_000);
    expect(() => ask("one more")).toThrow("unknown API key");
  });

  test("remembers a bounded number of addresses", () => {
    const failures = createFailedAttempts(2);
    for (let count = 0; count < FAILED_ATTEMPTS_MAX; count += 1) failures.add("a", 0);
    failures.add("b", 0);
    expect(failures.add("a", 0)).toBe(true);
    failures.add("c", 0);
    expect(failures.add("a", 0)).toBe(false);
  });

  test("a key that left the configuration stops working at once", () => {
    const { ask, authenticator, configure } = setUp();
    const alice = ask("acme-admin");
    expect(authenticator.isStillValid(alice)).toBe(true);
    configure([]);
    expect(() => ask("acme-admin")).toThrow("unknown API key");
    expect(authenticator.isStillValid(alice)).toBe(false);
  });
});

describe("API keys", () => {
  test("a made key works, is recorded, and its secret is nowhere", async () => {
    const { keys, ask, records, store } = setUp();
    const { key, secret } = await keys.create(admin, { name: "ci", role: "operator", tenant: "acme" });
    expect(secret).toMatch(/^aegis_operator_[\w-]{43}$/);
    expect(ask(secret)).toEqual({ id: key.id, name: "ci", role: "operator", tenant: "acme" });
    expect(records).toMatchObject([
      { tenant: "acme", kind: "admin.action", p: { op: "key.create", role: "operator" } },
    ]);
    expect(JSON.stringify([records, store.get(key.id)])).not.toContain(secret.slice(15));
    expect(JSON.stringify(records.map(({ p }) => p))).not.toContain(key.id);
  });

  test("rotation keeps the principal; the old secret works for the overlap only", async () => {
    const { keys, ask, advance } = setUp();
    const made = await keys.create(admin, { name: "ci", role: "viewer", tenant: "acme" });
    const rotated = await keys.rotate(admin, made.key.id, 10);
    expect(ask(rotated.secret).id).toBe(made.key.id);
    expect(ask(made.secret).id).toBe(made.key.id);
    advance(10 * 60_000);
    expect(() => ask(made.secret)).toThrow("unknown API key");
    expect(ask(rotated.secret).id).toBe(made.key.id);
  });

  test("a revoked or expired key is useless", async () => {
    const { keys, ask, advance, authenticator } = setUp();
    const revoked = await keys.create(admin, { name: "a", role: "viewer" });
    const expiring = await keys.create(admin, { name: "b", role: "viewer", expires_in_days: 1 });
    expect(await keys.revoke(admin, revoked.key.id)).toMatchObject({ revoked_at: expect.any(String) });
    expect(() => ask(revoked.secret)).toThrow("unknown API key");
    const principal = ask(expiring.secret);
    advance(24 * 3_600_000);
    expect(() => ask(expiring.secret)).toThrow("unknown API key");
    expect(authenticator.isStillValid(principal)).toBe(false);
    await expect(keys.revoke(admin, revoked.key.id)).rejects.toMatchObject({ code: "not-found" });
  });

  test("an administrator of a tenant manages that tenant's keys only", async () => {
    const { keys } = setUp();
    const alice: Principal = { id: "alice", name: "alice", role: "admin", tenant: "acme" };
    const foreign = await keys.create(admin, { name: "x", role: "viewer", tenant: "default" });
    await expect(keys.create(alice, { name: "y", role: "viewer", tenant: "default" })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(keys.rotate(alice, foreign.key.id, 0)).rejects.toMatchObject({ code: "not-found" });
    await expect(keys.revoke(alice, foreign.key.id)).rejects.toMatchObject({ code: "not-found" });
    await keys.create(alice, { name: "z", role: "viewer" });
    expect(keys.list(alice, { limit: 10 }).keys.map(({ tenant }) => tenant)).toEqual(["acme", "acme", "acme"]);
    expect(keys.list(admin, { limit: 10 }).keys).toHaveLength(4);
    await expect(keys.create(admin, { name: "y", role: "viewer", tenant: "nobody" })).rejects.toThrow("not configured");
    await expect(keys.rotate(admin, "alice", 0)).rejects.toThrow("configuration file");
  });

  test("the last administrator cannot be locked out", async () => {
    const { keys, ports } = setUp();
    await createFirstKeys(ports, folder());
    await expect(keys.revoke(admin, "admin")).rejects.toThrow("last administrator");
    const second = await keys.create(admin, { name: "second", role: "admin" });
    await keys.revoke(admin, "admin");
    await expect(keys.revoke(admin, second.key.id)).rejects.toThrow("last administrator");
  });

  test("nothing changes when evidence fails", async () => {
    const { keys, store, failEvidence } = setUp();
    const { key, secret: _secret } = await keys.create(admin, { name: "a", role: "viewer" });
    const before = store.get(key.id);
    failEvidence();
    const changes = [
      () => keys.create(admin, { name: "b", role: "viewer" }),
      () => keys.rotate(admin, key.id, 0),
      () => keys.revoke(admin, key.id),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject({ code: "unavailable" });
    expect(store.get(key.id)).toEqual(before);
    expect(store.count("default")).toBe(1);
  });

  test("pages go on where the page before ended", async () => {
    const { keys, advance } = setUp();
    for (const name of ["a", "b", "c"]) {
      await keys.create(admin, { name, role: "viewer" });
      advance(1);
    }
    const first = keys.list(admin, { limit: 2 });
    const second = keys.list(admin, { limit: 2, cursor: first.nextCursor });
    expect([...first.keys, ...second.keys].filter(({ source }) => source === "store").map(({ name }) => name)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(second.nextCursor).toBeUndefined();
  });
});

describe("first start", () => {
  test("makes an administrator and an agent once, and keeps no secret but the agent's file", async () => {
    const { ports, ask, records } = setUp();
    const path = folder();
    const first = await createFirstKeys(ports, path);
    expect(ask(first?.adminKey ?? "")).toMatchObject({ id: "admin", role: "admin", tenant: "default" });
    expect(ask(readFileSync(join(path, "agent.key"), "utf8").trim())).toMatchObject({ id: "agent", role: "agent" });
    expect(statSync(join(path, "agent.key")).mode & 0o777).toBe(0o600);
    expect(await createFirstKeys(ports, path)).toBeUndefined();
    expect(records.map(({ p }) => p["op"])).toEqual(["key.first-start", "key.first-start"]);
  });

  test("a lost administrator key is replaced", async () => {
    const { ports, ask } = setUp();
    const first = await createFirstKeys(ports, folder());
    const replaced = await replaceAdminKey(ports);
    expect(ask(replaced).id).toBe("admin");
    expect(() => ask(first?.adminKey ?? "")).toThrow("unknown API key");
  });
});

describe("the data folder", () => {
  test("is where the configuration, the environment or the home folder says", () => {
    expect(dataFolderPath("/a", { AEGISFLOW_HOME: "/b" })).toBe("/a");
    expect(dataFolderPath(undefined, { AEGISFLOW_HOME: "/b" })).toBe("/b");
    expect(dataFolderPath("", {})).toEndWith("/.aegisflow");
  });

  test("is made private, and refused when it is open to others", () => {
    const path = join(folder(), "new", "data");
    openDataFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o755);
    expect(() => openDataFolder(path)).toThrow("chmod 700");
    writeFileSync(join(path, "file"), "");
    expect(() => openDataFolder(join(path, "file", "x"))).toThrow("cannot make the data folder");
  });

  test("secrets are made once, private, and of the right size", () => {
    const path = join(folder(), "pepper.key");
    const first = openSecretFile(path, 32, () => systemRandom.bytes(32));
    expect([...openSecretFile(path, 32, () => systemRandom.bytes(32))]).toEqual([...first]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}.new`)).toBe(false);
    expect(() => openSecretFile(path, 16, () => systemRandom.bytes(16))).toThrow("damaged");
    chmodSync(path, 0o644);
    expect(() => openSecretFile(path, 32, () => systemRandom.bytes(32))).toThrow("chmod 600");
  });
});

test("roles and installation are checked with the words clients know", () => {
  expect(() => assertRole({ ...admin, role: "viewer" }, "operator")).toThrow(
    "insufficient permissions — requires operator role",
  );
  expect(() => assertRole(admin, "operator")).not.toThrow();
  expect(() => assertInstallation({ ...admin, tenant: "acme" })).toThrow("tenant `default`");
});

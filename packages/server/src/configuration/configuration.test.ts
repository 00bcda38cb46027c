import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyContent } from "@aegisflow/core/config/effective-policy";
import { parsePolicyPack } from "@aegisflow/core/config/parse-policy-pack";
import { AegisError } from "@aegisflow/core/errors";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { EvidenceDraft } from "../governance/ports.ts";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { createSystemClock } from "../runtime/sources.ts";
import { createEmbeddedConfigVersionStore } from "../storage/embedded/config-version-store.ts";
import { openDatabase } from "../storage/embedded/database.ts";
import { createMemoryConfigVersionStore } from "../storage/memory/config-version-store.ts";
import { type PackSource, sha256 } from "./candidate.ts";
import { checkConfiguration } from "./check-configuration.ts";
import type { ConfigVersionStore } from "./config-version-store.ts";
import { type AppliedConfiguration, type Configuration, openConfiguration, withSelf } from "./configuration.ts";

const ADMIN: Principal = { id: "key-admin", name: "admin", role: "admin", tenant: "default" };
const ONE = "tool_policies:\n  rules:\n    - {tool: one, decision: allow}\n";
const TWO = "tool_policies:\n  rules:\n    - {tool: two, decision: allow}\n";
const WRONG = "tool_policies:\n  rules:\n    - {tool: x, decision: deny}\n";

const packText = (rule: string): string => `name: pr-writer\nrules:\n  - ${rule}\n`;

function packsOf(text: string): PackSource {
  return {
    names: ["pr-writer"],
    load() {
      const parsed = parsePolicyPack(text, "pr-writer.yaml");
      if (parsed.kind === "errors") throw new Error(JSON.stringify(parsed.errors));
      return parsed;
    },
  };
}

/** A server's worth of collaborators around one folder; `restart()` opens the same store again. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), "aegis-configuration-"));
  readonly file = join(this.folder, "aegisflow.yaml");
  readonly records: EvidenceDraft[] = [];
  readonly lines: string[] = [];
  /** What happened, in order: records and switches. */
  readonly events: string[] = [];
  env: Record<string, string> = {};
  packs = packsOf(packText("{tool: packed, decision: allow}"));
  evidenceIsDown = false;
  compileFails = false;
  store: ConfigVersionStore = createMemoryConfigVersionStore();
  open: Configuration | undefined;

  write(text: string): void {
    const next = `${this.file}.next`;
    writeFileSync(next, text);
    renameSync(next, this.file);
  }

  async start(options: { readonly file?: string | undefined; readonly watch?: boolean } = {}): Promise<Configuration> {
    const { file = this.file, watch = false } = options;
    this.open = await openConfiguration(
      { ...(file === "" ? {} : { file }), watch, pollMs: 50 },
      {
        store: this.store,
        clock: createSystemClock(),
        log: { info: this.#log, warn: this.#log, error: this.#log },
        sources: { env: this.env, packs: this.packs },
        evidence: {
          append: async (draft) => {
            if (this.evidenceIsDown) throw new AegisError("unavailable", "the evidence log is down");
            this.records.push(draft);
            this.events.push(draft.kind);
            return { leaf: String(this.records.length).padStart(64, "0"), seq: this.records.length, sid: draft.sid };
          },
        },
        prepare: (policy) => {
          if (this.compileFails) throw new AegisError("config-invalid", "the rules do not compile");
          const policyHash = sha256(JSON.stringify(policyContent(policy)));
          return {
            policyHash,
            apply: ({ version }: AppliedConfiguration) => void this.events.push(`switch ${version}`),
          };
        },
      },
    );
    return this.open;
  }

  async restart(): Promise<Configuration> {
    await this.open?.close();
    return this.start();
  }

  readonly #log = (message: string, fields: unknown = {}): void =>
    void this.lines.push(`${message} ${JSON.stringify(fields)}`);

  async close(): Promise<void> {
    await this.open?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const worlds: World[] = [];
function world(): World {
  const made = new World();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});

const toolsOf = (configuration: Configuration): string[] =>
  configuration.current().policy.rules.map(({ rule }) => rule.tool ?? "");

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a start", () => {
  test("numbers the configuration, records it, then puts it in force", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    expect(w.events).toEqual(["policy.load", "switch 1"]);
    const { version, policyHash, configHash, source } = configuration.current();
    expect({ version, source }).toEqual({ version: 1, source: "initial" });
    expect(w.records[0]).toEqual({
      tenant: "system",
      sid: "system",
      kind: "policy.load",
      p: { policy: policyHash, version: "1", source: "initial", rules: "1", default: "block" },
      disclosures: { config: configHash, file: w.file, packs: [] },
    });
    expect(configuration.version(1)).toMatchObject({ version: 1, text: ONE, policyHash, configHash, file: w.file });
  });

  test("of the same content keeps its number and is recorded again", async () => {
    const w = world();
    w.write(ONE);
    const first = (await w.start()).current();
    const again = (await w.restart()).current();
    expect(again).toEqual(first);
    expect(w.events).toEqual(["policy.load", "switch 1", "policy.load", "switch 1"]);
    w.write(`${ONE}# a comment\n`);
    expect((await w.restart()).current().version).toBe(1);
    w.write(TWO);
    expect((await w.restart()).current()).toMatchObject({ version: 2, source: "reload" });
  });

  test("on a wrong, empty or missing file does not happen, and says every reason", async () => {
    const w = world();
    await expect(w.start()).rejects.toThrow("cannot be read");
    w.write(" \n");
    await expect(w.start()).rejects.toThrow("is empty; write at least `{}`");
    w.write(`${WRONG}server: {prt: 1}\n`);
    await expect(w.start()).rejects.toThrow(/:3:\d+: .*`deny`[\s\S]*:4:10: .*`prt`/);
    writeFileSync(w.file, Buffer.from([0x61, 0xff, 0xfe]));
    await expect(w.start()).rejects.toThrow("cannot be read");
    expect(w.records).toEqual([]);
  });

  test("without evidence does not happen", async () => {
    const w = world();
    w.write(ONE);
    w.evidenceIsDown = true;
    await expect(w.start()).rejects.toThrow("the evidence log is down");
    expect(w.events).toEqual([]);
    expect(w.store.latest()).toBeUndefined();
  });

  test("without a file uses the built-in configuration", async () => {
    const w = world();
    w.env = { ...withSelf({}, "/usr/bin/aegisflow") } as Record<string, string>;
    const { config, file, policy } = (await w.start({ file: "" })).current();
    expect(file).toBeUndefined();
    expect(policy.packs).toEqual(["pr-writer"]);
    expect(config.mcp_gateway.upstreams[0]).toMatchObject({
      name: "forge",
      command: "/usr/bin/aegisflow",
      args: expect.arrayContaining(["example-forge"]),
    });
  });
});

describe("a reload", () => {
  test("applies what changed as the next version", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    expect(await configuration.reload()).toEqual({ kind: "unchanged" });
    w.write(`${ONE}# only a comment\n`);
    expect(await configuration.reload()).toEqual({ kind: "unchanged" });
    w.write(TWO);
    expect(await configuration.reload()).toEqual({ kind: "applied", version: 2 });
    expect(toolsOf(configuration)).toEqual(["two"]);
    expect(configuration.versions({ limit: 9 }).map(({ version, source }) => [version, source])).toEqual([
      [2, "reload"],
      [1, "initial"],
    ]);
  });

  test("of a wrong file keeps the last good version, says why once, and recovers", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write(WRONG);
    const refused = await configuration.reload();
    expect(refused).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining(":3:27: tool_policies.rules[0].decision: `deny` is not one of")],
    });
    expect(await configuration.reload()).toEqual({ kind: "unchanged" });
    expect(toolsOf(configuration)).toEqual(["one"]);
    expect(configuration.status()).toMatchObject({ version: 1, lastError: expect.stringContaining("`deny`") });
    expect(w.lines.filter((line) => line.includes("refused"))).toHaveLength(1);
    w.write(TWO);
    expect(await configuration.reload()).toEqual({ kind: "applied", version: 2 });
    expect(configuration.status().lastError).toBeUndefined();
  });

  test("of an empty or missing file, or of one that does not compile, keeps the last good version", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write("");
    expect(await configuration.reload()).toMatchObject({ kind: "refused" });
    unlinkSync(w.file);
    expect(await configuration.reload()).toMatchObject({ kind: "refused" });
    w.write(TWO);
    w.compileFails = true;
    expect(await configuration.reload()).toEqual({ kind: "refused", problems: ["the rules do not compile"] });
    expect(toolsOf(configuration)).toEqual(["one"]);
    w.compileFails = false;
    expect(await configuration.reload()).toEqual({ kind: "applied", version: 2 });
  });

  test("that cannot be recorded is not applied, and is tried again", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write(TWO);
    w.evidenceIsDown = true;
    expect(await configuration.reload()).toMatchObject({ kind: "failed" });
    expect(toolsOf(configuration)).toEqual(["one"]);
    w.evidenceIsDown = false;
    const result = await configuration.reload();
    expect(result).toMatchObject({ kind: "applied" });
    expect(toolsOf(configuration)).toEqual(["two"]);
    // The number of the attempt that failed is not used again.
    expect(configuration.current().version).toBe(3);
  });

  test("happens by itself when the file is written, replaced or linked elsewhere", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start({ watch: true });
    w.write(TWO);
    await until(() => configuration.current().version === 2);
    writeFileSync(w.file, WRONG);
    await until(() => configuration.status().lastError !== undefined);
    const elsewhere = join(w.folder, "elsewhere.yaml");
    writeFileSync(elsewhere, ONE);
    symlinkSync(elsewhere, `${w.file}.link`);
    renameSync(`${w.file}.link`, w.file);
    await until(() => configuration.current().version === 3);
    expect(toolsOf(configuration)).toEqual(["one"]);
  });

  test("says which changed settings wait for a restart", async () => {
    const w = world();
    w.write(`${ONE}server: {port: 9000}\n`);
    const configuration = await w.start();
    w.write(`${ONE}server: {port: 9001}\nmcp_gateway: {enabled: true}\n`);
    await configuration.reload();
    expect(configuration.status().warnings).toEqual(
      expect.arrayContaining([
        "`server.port` changed; restart to apply it",
        "`mcp_gateway.enabled` changed; restart to apply it",
      ]),
    );
    w.write(`${ONE}server: {port: 9000}\n`);
    await configuration.reload();
    expect(configuration.status().warnings).toEqual([]);
  });
});

describe("a rollback", () => {
  test("is a new version with the old content, recorded before it takes effect", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write(TWO);
    await configuration.reload();
    w.events.length = 0;
    const applied = await configuration.rollback(1, ADMIN, "two was wrong");
    expect(applied).toMatchObject({ version: 3, source: "rollback" });
    expect(applied.policyHash).toBe(configuration.version(1)?.policyHash ?? "");
    expect(w.events).toEqual(["config.change", "policy.load", "switch 3"]);
    expect(w.records.at(-2)).toMatchObject({
      kind: "config.change",
      p: { action: "rollback", version: "3", to: "1", policy: applied.policyHash },
      disclosures: { by: "key-admin", reason: "two was wrong" },
      ref: { target: "1".padStart(64, "0") },
    });
    expect(configuration.version(3)).toMatchObject({
      by: "key-admin",
      reason: "two was wrong",
      rolledBackTo: 1,
      text: ONE,
    });
  });

  test.each([
    ["memory", (w: World) => w.store],
    ["embedded", (w: World) => createEmbeddedConfigVersionStore(openDatabase(bunRuntime, w.folder))],
  ] as const)("survives a restart until the file itself changes: %s store", async (_, openStore) => {
    const w = world();
    w.store = openStore(w);
    w.write(ONE);
    let configuration = await w.start();
    w.write(TWO);
    await configuration.reload();
    await configuration.rollback(1, ADMIN, "");
    expect(await configuration.reload()).toEqual({ kind: "unchanged" });
    w.store = openStore(w);
    configuration = await w.restart();
    expect(configuration.current()).toMatchObject({ version: 3, source: "rollback" });
    expect(toolsOf(configuration)).toEqual(["one"]);
    w.write(`${TWO}# touched\n`);
    expect(await configuration.reload()).toEqual({ kind: "applied", version: 4 });
    w.store = openStore(w);
    configuration = await w.restart();
    expect(configuration.current()).toMatchObject({ version: 4, source: "reload" });
    expect(toolsOf(configuration)).toEqual(["two"]);
  });

  test("brings back the packs as they were then, and variables as they are now", async () => {
    const w = world();
    w.env = { WHO: "alice" };
    w.write('policy_packs: [pr-writer]\ntool_policies: {rules: [{tool: x, actor: "${WHO}", decision: allow}]}\n');
    await w.start();
    w.packs = packsOf(packText("{tool: newer, decision: block}"));
    w.env = { WHO: "bob" };
    const configuration = await w.restart();
    expect(toolsOf(configuration)).toEqual(["x", "newer"]);
    expect(configuration.version(1)?.text).toContain("${WHO}");
    expect(configuration.version(1)?.policyJson).toContain("alice");
    await configuration.rollback(1, ADMIN, "");
    expect(toolsOf(configuration)).toEqual(["x", "packed"]);
    expect(configuration.current().policy.rules[0]?.rule.actor).toEqual(["bob"]);
  });

  test("needs an admin, a version that is kept and another than the one in force", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    const codeOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: AegisError) => error.code);
    expect(await codeOf(configuration.rollback(1, { ...ADMIN, role: "operator" }, ""))).toBe("forbidden");
    expect(await codeOf(configuration.rollback(9, ADMIN, ""))).toBe("not-found");
    expect(await codeOf(configuration.rollback(1, ADMIN, ""))).toBe("conflict");
    expect(await codeOf(configuration.rollback(1, ADMIN, "x".repeat(501)))).toBe("too-large");
    expect(w.events).toEqual(["policy.load", "switch 1"]);
  });

  test("that cannot be recorded does not happen", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write(TWO);
    await configuration.reload();
    w.evidenceIsDown = true;
    await expect(configuration.rollback(1, ADMIN, "")).rejects.toThrow("the evidence log is down");
    expect(toolsOf(configuration)).toEqual(["two"]);
    expect(configuration.versions({ limit: 9 })).toHaveLength(2);
  });

  test("takes its turn behind a reload", async () => {
    const w = world();
    w.write(ONE);
    const configuration = await w.start();
    w.write(TWO);
    const [reloaded, rolledBack] = await Promise.all([
      configuration.reload(),
      configuration.rollback(1, ADMIN, "").catch((error: AegisError) => error.code),
    ]);
    expect(reloaded).toEqual({ kind: "applied", version: 2 });
    expect(rolledBack).toMatchObject({ version: 3 });
  });
});

describe("hashes", () => {
  test("change with a secret, and only the configuration's", async () => {
    const w = world();
    w.env = { KEY: "first-secret-key-000" };
    w.write(`${ONE}tenants: [{id: a, api_keys: [{key_env: KEY, role: agent}]}]\n`);
    const first = (await w.start()).current();
    w.env = { KEY: "other-secret-key-000" };
    const second = (await w.restart()).current();
    expect(second.version).toBe(2);
    expect(second.policyHash).toBe(first.policyHash);
    expect(second.configHash).not.toBe(first.configHash);
    const kept = JSON.stringify([w.store.list({ limit: 9 }), w.records, w.lines]);
    expect(kept).not.toContain("secret-key");
    expect(JSON.stringify(w.open?.redacted())).toContain('"key":"${KEY}"');
  });
});

describe("checkConfiguration()", () => {
  const compile = (): void => undefined;

  test("says what a start would say, and opens nothing", () => {
    const w = world();
    const sources = { env: {}, packs: w.packs };
    expect(checkConfiguration(w.file, sources, compile)).toMatchObject({
      kind: "wrong",
      errors: [expect.stringContaining("cannot be read")],
    });
    w.write(WRONG);
    expect(checkConfiguration(w.file, sources, compile)).toMatchObject({
      kind: "wrong",
      errors: [expect.stringContaining(":3:27:")],
    });
    w.write("tool_policies: {enabled: false, default_decision: allow}");
    expect(checkConfiguration(w.file, sources, compile)).toMatchObject({
      kind: "ok",
      warnings: [expect.stringContaining("every action is allowed")],
    });
    const failing = (): never => {
      throw new AegisError("config-invalid", "the rules do not compile");
    };
    expect(checkConfiguration(w.file, sources, failing)).toEqual({
      kind: "wrong",
      errors: ["the rules do not compile"],
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { simulateWorld } from "./simulation/simulated-world.ts";
import { runVerifyCli } from "./verify-cli.ts";

const TIMEOUT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), "evidence-cli-"));
const file = (name: string): string => join(folder, name);
const { log, session } = simulateWorld(21, { actionsMax: 5, witnesses: 1, hidden: true });
const bundle = log.exportBundle(session.tenant, session.sid);

beforeAll(() => {
  writeFileSync(file("good.aegis"), bundle);
  writeFileSync(file("bad.aegis"), bundle.replace('"effect":"review"', '"effect":"allow"'));
  writeFileSync(file("trust.policy"), log.trustPolicy());
  writeFileSync(file("old.json"), '{"session_id":"s","records":[],"count":0,"last_hash":""}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("aegisflow-verify", () => {
  test("prints four verdicts and exits 0 when nothing failed", async () => {
    const { status, stdout } = await runVerifyCli(["--policy", file("trust.policy"), file("good.aegis")]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^consistent {2}PASS .*\ncomplete {4}PASS .*\nexisted-at {2}PASS .*\npaired {6}PASS /);
  });

  test("exits 2 when a verdict failed, or when a required one was not checked", async () => {
    expect((await runVerifyCli([file("bad.aegis")])).status).toBe(2);
    expect((await runVerifyCli([file("good.aegis")])).status).toBe(0);
    expect((await runVerifyCli(["--require", "complete", file("good.aegis")])).status).toBe(2);
    expect((await runVerifyCli(["--require", "all", file("good.aegis")])).status).toBe(2);
    expect(
      (await runVerifyCli(["--require", "all", "--policy", file("trust.policy"), file("good.aegis")])).status,
    ).toBe(0);
    expect(
      (await runVerifyCli(["--require", "consistent,existed-at", "--policy", file("trust.policy"), file("good.aegis")]))
        .status,
    ).toBe(0);
  });

  test("prints JSON and reports", async () => {
    const json = JSON.parse((await runVerifyCli(["--json", file("good.aegis")])).stdout);
    expect([json.format, json.verdicts.consistent.verdict, json.verdicts.complete.verdict]).toEqual([
      "AEL/1",
      "PASS",
      "NOT CHECKED",
    ]);
    expect((await runVerifyCli(["--report", "md", file("good.aegis")])).stdout).toStartWith("# Evidence Report");
    expect((await runVerifyCli(["--report", "html", file("good.aegis")])).stdout).toStartWith("<!doctype html>");
    expect((await runVerifyCli(["--help"])).stdout).toStartWith("usage:");
  });

  test("knows old bundles", async () => {
    const { status, stdout } = await runVerifyCli(["--legacy-key", file("trust.policy"), file("old.json")]);
    expect(status).toBe(0);
    expect(stdout).toContain("complete    NOT CHECKED");
  });

  test.each([
    [[]],
    [["a", "b"]],
    [["--nope", "x"]],
    [["missing.aegis"]],
    [["--report", "pdf", "x"]],
    [["--require", "true", "x"]],
    [["--policy", "missing", "x"]],
  ])("exits 1 on wrong use %j", async (argv) => {
    const { status, stdout, stderr } = await runVerifyCli(argv);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toStartWith("aegisflow-verify: ");
  });
});

/** The first `node` >= 20 of the system (the workspace's own is newer), else the workspace's. */
function findNode(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const system = folders.filter((path) => !path.includes("node_modules")).map((path) => join(path, "node"));
  const own = folders.filter((path) => path.includes("node_modules")).map((path) => join(path, "node"));
  return [...system, ...own, join(process.execPath, "..", "node")].find(
    (path) => existsSync(path) && majorOf(path) >= 20,
  );
}

function majorOf(node: string): number {
  const { stdout } = Bun.spawnSync([node, "--version"]);
  return Number(/^v(\d+)/.exec(stdout.toString())?.[1] ?? 0);
}

const NODE = findNode();

test.skipIf(NODE === undefined)(
  NODE === undefined
    ? "the built verifier runs on Node (skipped: no node >= 20 found)"
    : "the built verifier is one file that runs on Node alone",
  async () => {
    const outfile = file("aegisflow-verify.mjs");
    const build = await Bun.build({ entrypoints: [join(import.meta.dir, "verify-main.ts")], target: "node" });
    const source = (await build.outputs[0]?.text()) ?? "";
    writeFileSync(outfile, source);
    const imports = [...source.matchAll(/from "([^"]+)"/g)].map(([, name]) => name ?? "");
    expect(imports.every((name) => name.startsWith("node:"))).toBe(true);
    const run = (...argv: readonly string[]): { status: number; stdout: string } => {
      const { exitCode, stdout } = Bun.spawnSync([NODE ?? "", outfile, ...argv], { cwd: folder, env: {} });
      return { status: exitCode, stdout: stdout.toString() };
    };
    const good = run("--policy", "trust.policy", "--require", "all", "good.aegis");
    expect(good.stdout).toBe((await runVerifyCli(["--policy", file("trust.policy"), file("good.aegis")])).stdout);
    expect([good.status, run("bad.aegis").status, run("missing").status]).toEqual([0, 2, 1]);
  },
  TIMEOUT_MS,
);

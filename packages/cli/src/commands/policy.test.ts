import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runAegisctlProcess, startTestAdmin } from "../test-admin.ts";

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "aegisctl-policy-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const PACK = `name: mine
default_decision: review
rules:
  - { id: reads, tool: "github.*", capability: read, decision: allow }
  - { id: never, tool: "github.delete_*", decision: block, reason: not from here, suggestion: open an issue }
`;
const CASES = `cases:
  - { call: github.list_repos, expect: allow, rule: reads }
  - { call: github.delete_repo, expect: block }
`;
const cwd = folderWith({
  "mine.yaml": PACK,
  "mine.cases.yaml": CASES,
  "loose.yaml": PACK.replace("decision: block", "decision: allow").replace(
    "default_decision: review",
    "default_decision: block",
  ),
  "wrong.yaml": PACK,
  "wrong.cases.yaml": CASES.replace("expect: block", "expect: review"),
  "half.yaml": PACK,
  "half.cases.yaml": "cases: [{ call: github.list_repos, expect: allow }]",
  "shadow.yaml": `tool_policies:\n  rules:\n    - { tool: "github.*", decision: allow }\n    - { tool: github.delete_repo, decision: block }\n`,
  "typo.yaml": PACK.replace("tool:", "tools:"),
});

function aegisctl(...args: string[]) {
  return runAegisctlProcess(args, { cwd });
}

describe("aegisctl policy test", () => {
  test("passes the cases of every pack that ships, and leaves no rule untested", async () => {
    const { status, stdout } = await aegisctl("policy", "test", "--strict");
    expect(stdout).toMatch(/\nall \d{3,} cases pass\n$/);
    expect(stdout).toContain("pr-writer: ");
    expect(status).toBe(0);
  });

  test("says of a failed case what was expected and what decided, with status 1", async () => {
    const { status, stdout } = await aegisctl("policy", "test", "wrong.yaml");
    expect(status).toBe(1);
    expect(stdout).toContain("FAIL wrong.cases.yaml:3");
    expect(stdout).toContain("expected review, got block by mine/never");
    expect(stdout).toEndWith("1 of 2 cases fail\n");
  });

  test("reports a rule that no case exercises, and fails for it when asked to be strict", async () => {
    const lenient = await aegisctl("policy", "test", "half.yaml");
    expect(lenient).toMatchObject({ status: 0, stdout: expect.stringContaining("no case exercises: mine/never") });
    expect((await aegisctl("policy", "test", "half.yaml", "--strict")).status).toBe(1);
    const report = JSON.parse((await aegisctl("policy", "test", "half.yaml", "--json")).stdout);
    expect(report).toMatchObject([{ policy: "half.yaml", cases: 1, passed: 1, unexercised: ["mine/never"] }]);
  });

  test("does not pass a policy without cases", async () => {
    const { status, stdout } = await aegisctl("policy", "test", "shadow.yaml");
    expect([status, stdout]).toEqual([
      1,
      "shadow.yaml: no cases; write them into a file of the same name that ends in .cases.yaml\n",
    ]);
  });

  test("runs the packs of ./policy-packs when they are there", async () => {
    const { stdout } = await runAegisctlProcess(["policy", "test"], { cwd: join(import.meta.dirname, "../../../..") });
    expect(stdout).toContain("policy-packs/pr-writer.yaml: ");
  });
});

describe("aegisctl policy lint", () => {
  test("finds nothing wrong with the packs that ship", async () => {
    expect((await aegisctl("policy", "lint")).status).toBe(0);
  });

  test("ends with status 1 on a shadowed rule of a configuration, with its line", async () => {
    const { status, stdout } = await aegisctl("policy", "lint", "shadow.yaml");
    expect(status).toBe(1);
    expect(stdout).toContain("shadow.yaml:4: error shadowed: rule config/2: allow rule `config/1` (shadow.yaml:3)");
  });

  test("a pack that does not load is an error with its place", async () => {
    const { status, stderr } = await aegisctl("policy", "lint", "typo.yaml");
    expect(status).toBe(1);
    expect(stderr).toContain("typo.yaml:4:");
    expect(stderr).toContain("did you mean `tool`?");
  });
});

describe("aegisctl policy diff", () => {
  test("shows rules, default and concrete actions", async () => {
    const { status, stdout } = await aegisctl("policy", "diff", "mine.yaml", "loose.yaml");
    expect(status).toBe(0);
    expect(stdout).toContain("Default decision: review -> block");
    expect(stdout).toContain("Rules: 0 added, 0 removed, 1 changed, 0 moved");
    expect(stdout).toMatch(/github\.delete_repo\s+delete\s+block \(mine\/never\)\s+allow \(mine\/never\)/);
    expect((await aegisctl("diff-policy", "mine.yaml", "mine.yaml")).stdout).toContain("Decisions: 0 of ");
  });

  test("compares with a version that the server keeps", async () => {
    const version = {
      version: 3,
      hash: "sha256:x",
      config_hash: "sha256:x",
      timestamp: "2026-11-23T10:11:12.123456Z",
      source: "reload",
      rule_count: 1,
      active: true,
    };
    const rules = [{ id: "mine/reads", tool: "github.*", capability: "read", decision: "allow" }];
    await using admin = startTestAdmin({
      "GET /admin/v1/policy-versions/3": { ...version, default_decision: "review", rules },
    });
    const { stdout } = await runAegisctlProcess(["policy", "diff", "3", "mine.yaml", "--json"], {
      env: admin.env,
      cwd,
    });
    const diff = JSON.parse(stdout);
    expect(diff.before).toBe("version 3");
    // The rule that both have is no change, although the version names it in full.
    expect(diff.rules).toMatchObject([{ kind: "added", after: { id: "mine/never" } }]);
    expect(diff.decisions[0].after).toEqual({ decision: "block", rule_id: "mine/never" });
  });
});

describe("aegisctl policy simulate", () => {
  const ask = ["--protocol", "mcp", "--tool", "github.delete_repo", "--args", '{"owner":"acme","repo":"api"}'];

  test("decides offline by a named policy and shows every rule tried", async () => {
    const { status, stdout } = await aegisctl("policy", "simulate", ...ask, "--policy", "mine.yaml");
    expect(status).toBe(0);
    expect(stdout).toStartWith("Decision:      BLOCKED\nAction:        github.delete_repo\nPolicy:        mine.yaml\n");
    expect(stdout).toContain("Instead:       open an issue");
    expect(stdout).toEndWith("Trace:\n  MISS #0 mine/reads: capability mismatch\n  HIT  #1 mine/never\n");
    const json = await aegisctl("simulate", ...ask, "--policy", "mine.yaml", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ policy: "mine.yaml", decision: "block", rule: "mine/never" });
  });

  test("fails when the server does, and lets no other policy answer", async () => {
    const error = { error: { code: 403, type: "forbidden", message: "needs role viewer" } };
    await using admin = startTestAdmin({ "POST /admin/v1/simulate": Response.json(error, { status: 403 }) });
    const refused = await runAegisctlProcess(["simulate", ...ask], { env: admin.env, cwd });
    expect(refused).toEqual({ status: 1, stdout: "", stderr: "aegisctl: needs role viewer\n" });
    const noServer = { AEGISFLOW_ADMIN_URL: "http://127.0.0.1:1", AEGISFLOW_API_KEY: "k" };
    const down = await runAegisctlProcess(["simulate", ...ask], { env: noServer, cwd });
    expect(down).toMatchObject({ status: 1, stdout: "" });
  });

  test("refuses a policy that does not exist", async () => {
    const { status, stderr } = await aegisctl("simulate", ...ask, "--policy", "nope");
    expect([status, stderr]).toEqual([1, "aegisctl: pack `nope` does not exist; see aegisctl policy-pack list\n"]);
  });
});

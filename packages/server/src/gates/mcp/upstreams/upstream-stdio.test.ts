/** Upstreams that are child processes: real servers, and one that misbehaves on demand. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@aegisflow/core";
import type { UpstreamConfig } from "@aegisflow/core/config/upstream-schema";
import { ask, callTool, openBench, type TestBench, textOf, until } from "./testing-upstreams.ts";

const ROOT = join(import.meta.dir, "../../../../../..");
const NASTY = join(import.meta.dir, "nasty-server.ts");
const EVERYTHING = join(ROOT, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const FILESYSTEM = join(ROOT, "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");
const FIXTURE = join(ROOT, "tests/conformance/everything-server.ts");
const NODE = join(ROOT, "node_modules/.bin/node");

function nasty(...flags: string[]): Promise<TestBench> {
  return openBench({ command: process.execPath, args: [NASTY, ...flags] });
}

const failure = (error: unknown): unknown => error;

describe("the official example server", () => {
  test("is shaken hands with, listed, called, and reports progress under the client's own token", async () => {
    await using bench = await openBench({ command: NODE, args: [EVERYTHING, "stdio"] });
    const { upstream } = bench;
    const seen: JsonObject[] = [];
    const { tools } = await ask(upstream, "tools/list");
    expect(JSON.stringify(tools)).toContain('"trigger-long-running-operation"');
    expect([upstream.era(), upstream.serverInfo()["name"]]).toEqual(["legacy", "mcp-servers/everything"]);
    expect(textOf(await callTool(upstream, "echo", { message: "hé\u2028llo" }))).toBe("Echo: hé\u2028llo");
    const onNotification = (method: string, params: JsonObject): void =>
      void (method.endsWith("progress") && seen.push(params));
    const meta = { progressToken: "mine" };
    await callTool(upstream, "trigger-long-running-operation", { duration: 0.2, steps: 2 }, { meta, onNotification });
    expect(seen).toEqual([
      { progressToken: "mine", progress: 1, total: 2 },
      { progressToken: "mine", progress: 2, total: 2 },
    ]);
  });

  test("asks the client's model through us", async () => {
    await using bench = await openBench({ command: NODE, args: [EVERYTHING, "stdio"] });
    const asked: string[] = [];
    const onServerRequest = async (method: string): Promise<JsonObject> => {
      asked.push(method);
      return { role: "assistant", model: "m", content: { type: "text", text: "forty-two" } };
    };
    const result = await callTool(
      bench.upstream,
      "trigger-sampling-request",
      { prompt: "?", maxTokens: 5 },
      { onServerRequest },
    );
    expect(asked).toEqual(["sampling/createMessage"]);
    expect(textOf(result)).toContain("forty-two");
  });
});

test("the official filesystem server reads what it may, and its own refusals are results", async () => {
  const folder = mkdtempSync(join(tmpdir(), "upstream-fs-"));
  writeFileSync(join(folder, "a.txt"), "from the disk");
  await using bench = await openBench({ command: NODE, args: [FILESYSTEM, folder] });
  expect(textOf(await callTool(bench.upstream, "read_text_file", { path: join(folder, "a.txt") }))).toBe(
    "from the disk",
  );
  expect(await callTool(bench.upstream, "read_text_file", { path: "/etc/passwd" })).toMatchObject({ isError: true });
  rmSync(folder, { recursive: true });
});

describe("a server of both eras", () => {
  test.each([
    ["auto", "legacy"],
    ["modern", "modern"],
  ] as const)("with protocol %s is met as %s", async (protocol, era) => {
    await using bench = await openBench({ command: process.execPath, args: [FIXTURE, "--stdio"], protocol });
    expect(textOf(await callTool(bench.upstream, "test_simple_text"))).toBe(
      "This is a simple text response for testing.",
    );
    expect(bench.upstream.era()).toBe(era);
    expect(bench.upstream.instructions()).toBe("A server for conformance tests.");
  });

  test("in the modern era answers input_required as it is, and announces changes", async () => {
    await using bench = await openBench({ command: process.execPath, args: [FIXTURE, "--stdio"], protocol: "modern" });
    const changes: string[] = [];
    bench.upstream.subscribe((method) => changes.push(method));
    const first = await callTool(bench.upstream, "test_input_required_result_elicitation");
    expect(first).toMatchObject({
      resultType: "input_required",
      inputRequests: { user_name: { method: "elicitation/create" } },
    });
    const inputResponses = { user_name: { action: "accept", content: { name: "Ada" } } };
    const params = { name: "test_input_required_result_elicitation", inputResponses };
    expect(textOf(await ask(bench.upstream, "tools/call", params, { argumentsJson: "{}" }))).toBe("Hello, Ada!");
    await callTool(bench.upstream, "test_trigger_tool_change");
    await until(() => changes.includes("notifications/tools/list_changed"));
  });
});

test("a server that knows only the modern era is found out by auto", async () => {
  await using bench = await nasty("--modern-only");
  expect(textOf(await callTool(bench.upstream, "echo", { a: 1 }))).toContain(
    '"io.modelcontextprotocol/protocolVersion":"2026-07-28"',
  );
  expect(bench.upstream.era()).toBe("modern");
});

describe("a bad peer", () => {
  test("gets the sealed arguments byte for byte", async () => {
    await using bench = await nasty();
    const result = await ask(bench.upstream, "tools/call", { name: "echo" }, { argumentsJson: '{"b":1e21,"a":"é"}' });
    expect(JSON.parse(textOf(result))).toEqual({ name: "echo", arguments: { b: 1e21, a: "é" } });
  });

  test("sees only what it needs of our environment, and what was configured", async () => {
    process.env["AEGISFLOW_TEST_SECRET"] = "do not leak";
    await using bench = await openBench({ command: process.execPath, args: [NASTY], env: { TOKEN: "for you" } });
    const environment = JSON.parse(textOf(await callTool(bench.upstream, "environment")));
    expect(environment).toMatchObject({ TOKEN: "for you", PATH: process.env["PATH"] });
    expect(environment).not.toHaveProperty("AEGISFLOW_TEST_SECRET");
    delete process.env["AEGISFLOW_TEST_SECRET"];
  });

  test("may print banners and bytes that are no text", async () => {
    await using bench = await nasty();
    expect(textOf(await callTool(bench.upstream, "banner"))).toBe("after the banner");
    expect(textOf(await callTool(bench.upstream, "no-utf8"))).toBe("after the bytes");
    expect(bench.logs.join("\n")).toContain("upstream `peer` sent a malformed message");
    expect(bench.logs.join("\n")).not.toContain("\u0007");
  });

  test("may cut its answers in the middle of a character, and answer out of order", async () => {
    await using bench = await nasty();
    expect(textOf(await callTool(bench.upstream, "split"))).toBe("zwölf Äpfel für 3 € 🍏");
    const held = callTool(bench.upstream, "hold");
    expect(textOf(await callTool(bench.upstream, "release"))).toBe("released");
    expect(textOf(await held)).toBe("held");
  });

  test.each([
    ["broken", "upstream-failed", "sent a malformed message"],
    ["huge-number", "upstream-failed", "without losing digits"],
    ["oversized", "too-large", "answered with more than 16777216 bytes"],
  ])("that answers with something %s fails that call, not the next", async (tool, code, message) => {
    await using bench = await nasty();
    const error = await callTool(bench.upstream, tool).catch(failure);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain("`peer`");
    expect(String(error)).toContain(message);
    expect(textOf(await callTool(bench.upstream, "echo"))).toContain("echo");
  });

  test("that is silent is told that nobody waits any more", async () => {
    await using bench = await nasty();
    const error = await callTool(bench.upstream, "silence", {}, { timeoutMs: 300 }).catch(failure);
    expect(error).toMatchObject({ code: "timeout", retryable: false });
    const abort = new AbortController();
    const stopped = callTool(bench.upstream, "silence", {}, { signal: abort.signal }).catch(failure);
    setTimeout(() => abort.abort(), 20);
    expect(await stopped).toMatchObject({ code: "cancelled" });
    await until(() => bench.logs.filter((line) => line.includes("stderr: cancelled")).length === 2);
  });

  test("that crashes in a call fails it, says that the outcome is unknown, and is started again", async () => {
    await using bench = await nasty();
    const changes: string[] = [];
    bench.upstream.subscribe((method) => changes.push(method));
    const error = await callTool(bench.upstream, "crash").catch(failure);
    expect(error).toMatchObject({ code: "upstream-failed", retryable: false });
    expect(String(error)).toContain(
      "`peer` exited with code 3 while the call was under way; whether it took effect is unknown",
    );
    expect(textOf(await callTool(bench.upstream, "echo"))).toContain("echo");
    expect(changes).toEqual(["notifications/tools/list_changed"]);
  });

  test("that floods us with rubbish is ended and started again", async () => {
    await using bench = await nasty();
    expect(await callTool(bench.upstream, "flood").catch(failure)).toMatchObject({ code: "upstream-failed" });
    expect(textOf(await callTool(bench.upstream, "echo"))).toContain("echo");
    expect(bench.logs.length).toBeLessThan(20);
  });

  test("that screams on stderr fills neither memory nor log", async () => {
    await using bench = await nasty("--stderr-flood");
    await callTool(bench.upstream, "echo");
    await until(() => bench.logs.some((line) => line.includes("further lines are not logged")));
    expect(bench.logs.filter((line) => line.includes("stderr: line"))).toHaveLength(1000);
  });

  test("takes its own children with it when it is closed", async () => {
    const bench = await nasty();
    const pid = Number(textOf(await callTool(bench.upstream, "grandchild")));
    expect(isAlive(pid)).toBe(true);
    await bench.upstreams.close();
    await until(() => !isAlive(pid));
    expect(bench.upstream.state()).toBe("closed");
  });
});

describe("a server that does not start", () => {
  const cases: readonly (readonly [string, Partial<UpstreamConfig>, string])[] = [
    ["because there is no such program", { command: "/nowhere/at/all" }, "could not be started"],
    ["because it exits", { command: process.execPath, args: [NASTY, "--exit-at-start"] }, "exited with code 3"],
    [
      "in a folder that is not there",
      { command: process.execPath, args: [NASTY], cwd: "/nowhere" },
      "could not be started",
    ],
  ];
  test.each(cases)("%s is named with its reason", async (_why, config, message) => {
    await using bench = await openBench(config);
    const error = await ask(bench.upstream, "ping").catch(failure);
    expect(error).toMatchObject({ code: "upstream-failed" });
    expect(String(error)).toContain(`upstream \`peer\` ${message}`);
  });

  test("because it hangs leaves a waiting call its own time", async () => {
    await using bench = await nasty("--hang");
    expect(await ask(bench.upstream, "ping", {}, { timeoutMs: 200 }).catch(failure)).toMatchObject({ code: "timeout" });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

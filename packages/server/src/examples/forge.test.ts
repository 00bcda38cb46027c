/** The example forge, as the demo and the attack tests rely on it. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { runForgeHttp } from "./forge.ts";
import { createForgeServer } from "./forge-server.ts";
import { openForge } from "./forge-state.ts";
import { FORGE_TOOLS } from "./forge-tools.ts";

const RUNNER = join(import.meta.dir, "../../../../examples/forge/forge-server.ts");

test("the official client lists and calls its tools over stdio", async () => {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [RUNNER], stderr: "ignore" }));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(FORGE_TOOLS.map(({ name }) => name));
  const { content } = await client.callTool({ name: "github.list_repos", arguments: {} });
  expect(content).toEqual([{ type: "text", text: '["acme/api","acme/web"]' }]);
  await client.close();
});

test.each(["2025-11-25", "2026-07-28"])("the official client reaches it over HTTP at %s", async (version) => {
  const forge = await runForgeHttp(0);
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: version === "2025-11-25" ? "legacy" : { pin: version } } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(forge.url)));
  expect(client.getServerVersion()?.name).toBe("example-forge");
  expect((await client.listTools()).tools.length).toBe(FORGE_TOOLS.length);
  await client.close();
  await forge.close();
});

test("every call is in the log, refused or not, and the state survives a restart", () => {
  const folder = mkdtempSync(join(tmpdir(), "forge-"));
  const [state, log] = [join(folder, "state.json"), join(folder, "calls.jsonl")];
  const merge = { owner: "acme", repo: "api", pull_number: 42 };
  expect(openForge(state, log).call("github.merge_pull_request", merge)).toMatchObject({ number: 42, state: "merged" });
  expect(() => openForge(state, log).call("github.merge_pull_request", merge)).toThrow("merged already");
  const tools = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).tool);
  expect(tools).toEqual(["github.merge_pull_request", "github.merge_pull_request"]);
  rmSync(folder, { recursive: true });
});

test("each tool does what its name says", () => {
  const forge = openForge(undefined, undefined);
  const api = { owner: "acme", repo: "api" };
  expect(forge.call("github.create_branch", { ...api, branch: "fix" })).toEqual({ branch: "fix", sha: "c0ffee00" });
  expect(forge.call("github.create_issue", { ...api, title: "Broken" })).toMatchObject({ number: 47 });
  expect(forge.call("github.create_pull_request", { ...api, title: "Fix", head: "fix", base: "main" })).toMatchObject({
    number: 48,
  });
  expect(forge.call("github.force_push", { ...api, branch: "main", sha: "bad" })).toEqual({
    branch: "main",
    sha: "bad",
  });
  expect(forge.call("github.get_file_contents", { ...api, path: "README.md" })).toEqual({
    path: "README.md",
    content: "# api\n",
  });
  expect(forge.call("github.list_pull_requests", api)).toHaveLength(7);
  expect(forge.call("github.list_issues", api)).toHaveLength(2);
  forge.call("github.delete_repo", api);
  expect(forge.call("github.list_repos", {})).toEqual(["acme/web"]);
  expect(() => forge.call("github.list_issues", api)).toThrow("no repository acme/api");
});

test.each([
  ["not json", "-32700"],
  ['{"jsonrpc":"2.0","id":1,"method":"nope"}', "-32601"],
  ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}', "-32602"],
  ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"github.list_issues"}}', '"isError":true'],
])("answers %s with %s", (text, expected) => {
  expect(createForgeServer(openForge(undefined, undefined)).answer(text)).toContain(expected);
});

test("a notification gets no answer", () => {
  expect(
    createForgeServer(openForge(undefined, undefined)).answer('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
  ).toBeUndefined();
});

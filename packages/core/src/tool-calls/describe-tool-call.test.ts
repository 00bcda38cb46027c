import { describe, expect, test } from "bun:test";
import type { Actor, JsonObject } from "../action/action.ts";
import { builtInTargets } from "./built-in-targets.ts";
import { createToolCallDescriber, type ToolIdentity } from "./describe-tool-call.ts";
import { inferCapability } from "./infer-capability.ts";

const ACTOR: Actor = { type: "agent", id: "key-1", session_id: "s-1", tenant_id: "t-1" };

function identity(policyName: string, annotations: JsonObject = {}): ToolIdentity {
  return { exposedName: policyName, policyName, upstream: "up", annotations };
}

const describeCall = createToolCallDescriber([]);

describe("inferCapability()", () => {
  test.each([
    // what the reference product got wrong
    ["create_pull_request", "write"],
    ["write_file", "write"],
    ["deleteRepo", "delete"],
    ["bulk_delete", "delete"],
    ["b.delete_x", "delete"],
    ["get_and_delete_all", "delete"],
    ["apply_patch", "deploy"],
    // reads
    ["list_repos", "read"],
    ["getPullRequest", "read"],
    ["search_code", "read"],
    ["read", "read"],
    ["repo.list", "execute"],
    ["get_release", "read"],
    ["get_commit", "read"],
    ["list_comments", "read"],
    ["list_deleted_items", "read"],
    ["get_reset_token", "read"],
    ["get2faStatus", "read"],
    // a second verb takes the read away
    ["get_or_create_user", "write"],
    ["search_and_replace", "write"],
    ["find_and_run", "execute"],
    ["list_then_release", "deploy"],
    ["read_and_clear", "delete"],
    ["fetch_and_execute", "execute"],
    // destructive words anywhere, glued, upper case
    ["DELETE_REPO", "delete"],
    ["repoDelete", "delete"],
    ["bulkdelete", "delete"],
    ["deleterepository", "delete"],
    ["items_purge_all", "delete"],
    ["user-remove", "delete"],
    ["dropTable", "delete"],
    ["HTTPDelete", "delete"],
    ["undelete_item", "delete"],
    ["reset_database", "delete"],
    ["terminate_instances", "delete"],
    // power words
    ["deploy_service", "deploy"],
    ["push_files", "deploy"],
    ["merge_pull_request", "deploy"],
    ["approve_review", "approve"],
    ["grant_role", "approve"],
    ["run_query", "execute"],
    ["exec", "execute"],
    // says nothing
    ["query", "execute"],
    ["x", "execute"],
    ["123", "execute"],
    ["", "execute"],
    ["sampleLLM", "execute"],
    ["echo", "execute"],
  ] as const)("%s asks for %s", (name, capability) => {
    expect(inferCapability(name)).toBe(capability);
  });
});

describe("createToolCallDescriber()", () => {
  test.each<[string, JsonObject, string, string, string]>([
    ["github.create_pull_request", { owner: "acme", repo: "app", base: "main" }, "acme/app", "repo", "write"],
    ["github.list_repos", { org: "acme" }, "acme", "repo", "read"],
    ["github.get_me", {}, "github.get_me", "name", "read"],
    ["github.merge_pull_request", { owner: "a", repo: "b", pullNumber: 1 }, "a/b", "repo", "deploy"],
    ["github.delete_repo", { owner: "acme", repo: "app" }, "acme/app", "repo", "delete"],
    ["github.search_code", { query: "org:acme token" }, "org:acme token", "text", "read"],
    ["github.something_new", { owner: "acme", repo: "app" }, "github.something_new", "name", "execute"],
    ["filesystem.read_text_file", { path: "/etc/../etc/passwd" }, "/etc/../etc/passwd", "path", "read"],
    ["fs.write_file", { path: "docs/a.md", content: "x" }, "docs/a.md", "path", "write"],
    ["git.git_reset", { repo_path: "/r" }, "/r", "path", "delete"],
    ["postgres.query", { sql: "SELECT 1" }, "SELECT 1", "sql", "execute"],
    ["fetch.fetch", { url: "HTTPS://API.Example:443/a b" }, "https://api.example/a%20b", "url", "read"],
    ["playwright.browser_navigate", { url: "https://x.example/" }, "https://x.example/", "url", "execute"],
    ["slack.slack_post_message", { channel_id: "C1", text: "hi" }, "C1", "name", "write"],
    ["tickets.list_open", {}, "tickets.list_open", "name", "read"],
    ["lonely", {}, "lonely", "name", "execute"],
  ])("%s %j acts on %s (%s) with %s", (tool, args, target, kind, capability) => {
    const { draft } = describeCall(identity(tool), args, ACTOR);
    expect([draft.target, draft.target_kind, draft.requested_capability]).toEqual([target, kind, capability] as never);
    expect(draft).toMatchObject({ protocol: "mcp", tool, parameters: args, actor: ACTOR });
  });

  test.each<[string, JsonObject]>([
    ["filesystem.read_file", { path: ["/a", "/b"] }],
    ["filesystem.write_file", { path: { toString: "x" } }],
    ["filesystem.read_multiple_files", { paths: "/a" }],
    ["filesystem.read_multiple_files", { paths: ["/a", { b: 1 }] }],
    ["filesystem.read_multiple_files", { paths: Array.from({ length: 65 }, (_, i) => `/f${i}`) }],
    ["github.delete_file", { owner: "acme", repo: "docs/../secrets", path: "a" }],
    ["github.delete_file", { owner: "..", repo: "x", path: "a" }],
    ["github.delete_file", { owner: "acme", repo: "a b", path: "a" }],
    ["github.push_files", { owner: "acme", repo: "x", files: [{ content: "no path" }] }],
    ["fetch.fetch", { url: "not a url" }],
    ["fetch.fetch", { url: 7 }],
  ])("%s %j cannot be read, so its capability is unknown", (tool, args) => {
    const { draft } = describeCall(identity(tool), args, ACTOR);
    expect(draft).toMatchObject({ requested_capability: "unknown", target: tool, effects: [{ kind: "unknown" }] });
  });

  test("a call on many paths has a part for each of the others", () => {
    const args = { paths: ["/a", "/root/.ssh/id", "/a"] };
    const { draft, parts } = describeCall(identity("filesystem.read_multiple_files"), args, ACTOR);
    expect(draft.target).toBe("/a");
    expect(parts.map((part) => part.target)).toEqual(["/root/.ssh/id", "/a"]);
    expect(draft.effects).toMatchObject([{ kind: "read", paths: ["/a", "/root/.ssh/id", "/a"] }]);
  });

  test("a move acts on both ends", () => {
    const { draft, parts } = describeCall(
      identity("filesystem.move_file"),
      { source: "/etc/shadow", destination: "/tmp/x" },
      ACTOR,
    );
    expect([draft.target, ...parts.map((part) => part.target)]).toEqual(["/tmp/x", "/etc/shadow"]);
    expect(draft.effects.map(({ kind }) => kind)).toEqual(["delete", "write"]);
  });

  test("effects carry paths, refs and hosts", () => {
    const { draft } = describeCall(
      identity("github.push_files"),
      { owner: "a", repo: "b", branch: "main", files: [{ path: "x.md" }, { path: "y.md" }] },
      ACTOR,
    );
    expect(draft.effects).toEqual([
      { kind: "write", operation: "github.push_files", paths: ["x.md", "y.md"] },
      { kind: "vcs", operation: "github.push_files", refs: ["main"], flags: ["commit"] },
    ]);
    const fetched = describeCall(identity("fetch.fetch"), { url: "http://169.254.169.254/latest" }, ACTOR);
    expect(fetched.draft.effects).toMatchObject([{ kind: "network", hosts: ["169.254.169.254"] }]);
  });

  test.each<[string, JsonObject, string]>([
    ["up.list_things", { destructiveHint: true }, "execute"],
    ["up.list_things", { readOnlyHint: false }, "execute"],
    ["up.list_things", { readOnlyHint: true }, "read"],
    ["up.do_things", { readOnlyHint: true, destructiveHint: false }, "execute"],
    ["up.delete_things", { readOnlyHint: true }, "delete"],
    ["github.list_repos", { destructiveHint: true }, "execute"],
  ])("annotations only tighten: %s %j is %s", (tool, annotations, capability) => {
    expect(describeCall(identity(tool, annotations), {}, ACTOR).draft.requested_capability).toBe(capability as never);
  });

  describe("with configured targets", () => {
    const configured = createToolCallDescriber([
      { tool: "crm.get_*", target_kind: "name", capability: "read" },
      { tool: "crm.*", target: ["{account}/{options.id}"], target_kind: "name", capability: "write" },
      {
        tool: "github.create_issue",
        target: ["{title}"],
        target_kind: "text",
        capability: "execute",
        effects: [{ kind: "network", urls: ["https://{owner}.example/"] }],
      },
    ]);
    test("the first entry that matches wins, and its word stands against annotations", () => {
      const { draft } = configured(identity("crm.get_purge", { destructiveHint: true }), {}, ACTOR);
      expect(draft.requested_capability).toBe("read");
    });
    test("templates reach into nested arguments", () => {
      const { draft } = configured(identity("crm.set"), { account: "a1", options: { id: 7 } }, ACTOR);
      expect(draft).toMatchObject({ target: "a1/7", target_kind: "name", requested_capability: "write" });
    });
    test("an entry takes the place of the built-in map", () => {
      const { draft } = configured(identity("github.create_issue"), { owner: "a", repo: "b", title: "t" }, ACTOR);
      expect(draft).toMatchObject({
        target: "t",
        requested_capability: "execute",
        effects: [{ kind: "network", hosts: ["a.example"] }],
      });
    });
  });

  test("no built-in map calls a name with a destructive word a read", () => {
    for (const [namespace, tool, { capability }] of builtInTargets()) {
      const inferred = inferCapability(tool);
      expect({ tool: `${namespace}.${tool}`, wrong: inferred === "delete" && capability === "read" }).toMatchObject({
        wrong: false,
      });
    }
  });
});

/** Tools of the filesystem, git, postgres, fetch and slack servers. */
import type { Capability } from "../action/action.ts";
import type { EffectKind } from "../action/effect.ts";
import type { ToolTarget } from "./target-map.ts";

type Tools = Readonly<Record<string, ToolTarget>>;

function all(names: readonly string[], target: ToolTarget): Tools {
  return Object.fromEntries(names.map((name) => [name, target]));
}

function onPath(capability: Capability, kind: EffectKind, argument = "path"): ToolTarget {
  const template = `{${argument}}`;
  return { target: [template], target_kind: "path", capability, effects: [{ kind, paths: [template] }] };
}

export const FILESYSTEM_TOOLS: Tools = {
  ...all(
    [
      "read_file",
      "read_text_file",
      "read_media_file",
      "list_directory",
      "list_directory_with_sizes",
      "directory_tree",
      "search_files",
      "get_file_info",
      "list",
      "read",
      "stat",
      "search",
    ],
    onPath("read", "read"),
  ),
  read_multiple_files: onPath("read", "read", "paths[]"),
  list_allowed_directories: { target_kind: "name", capability: "read" },
  ...all(["write_file", "edit_file", "create_directory", "write", "append_file"], onPath("write", "write")),
  ...all(["delete_file", "delete_directory", "remove_file", "delete"], onPath("delete", "delete")),
  move_file: {
    target: ["{destination}"],
    also: ["{source}"],
    target_kind: "path",
    capability: "write",
    effects: [
      { kind: "delete", paths: ["{source}"] },
      { kind: "write", paths: ["{destination}"] },
    ],
  },
  copy_file: {
    target: ["{destination}"],
    also: ["{source}"],
    target_kind: "path",
    capability: "write",
    effects: [
      { kind: "read", paths: ["{source}"] },
      { kind: "write", paths: ["{destination}"] },
    ],
  },
};

function onWorkingCopy(capability: Capability, effects: ToolTarget["effects"] = []): ToolTarget {
  return { target: ["{repo_path}"], target_kind: "path", capability, effects };
}

export const GIT_TOOLS: Tools = {
  ...all(
    ["git_status", "git_diff_unstaged", "git_diff_staged", "git_diff", "git_log", "git_show", "git_branch"],
    onWorkingCopy("read", [{ kind: "read", paths: ["{repo_path}"] }]),
  ),
  git_add: onWorkingCopy("write", [{ kind: "vcs", paths: ["{files[]}"], flags: ["stage"] }]),
  git_commit: onWorkingCopy("write", [{ kind: "vcs", flags: ["commit"] }]),
  git_create_branch: onWorkingCopy("write", [{ kind: "vcs", refs: ["{branch_name}"], flags: ["create-ref"] }]),
  git_checkout: onWorkingCopy("write", [{ kind: "vcs", refs: ["{branch_name}"], flags: ["checkout"] }]),
  git_init: onWorkingCopy("write", [{ kind: "vcs", flags: ["init"] }]),
  // Unstages by default, but what it throws away cannot be had back.
  git_reset: onWorkingCopy("delete", [{ kind: "vcs", flags: ["reset"] }]),
  git_push: onWorkingCopy("deploy", [{ kind: "vcs", refs: ["{branch}"], flags: ["push"] }]),
};

/** SQL text says what it does only to a parser: until the SQL gate reads it, a statement is `execute`, never a read. */
const STATEMENT: ToolTarget = { target: ["{sql}", "{query}"], target_kind: "sql", capability: "execute" };
const CATALOG: ToolTarget = {
  target: ["{schema_name}.{object_name}", "{schema}.{table}", "{table_name}", "{table}", "{schema_name}", "{schema}"],
  target_kind: "name",
  capability: "read",
};

export const POSTGRES_TOOLS: Tools = {
  ...all(["query", "execute_sql", "execute", "execute_query", "run_query", "explain_query"], STATEMENT),
  ...all(["list_schemas", "list_objects", "list_tables", "describe_table", "get_object_details"], CATALOG),
};

export const FETCH_TOOLS: Tools = all(
  ["fetch", "fetch_url", "fetch_html", "fetch_json", "fetch_markdown", "fetch_txt"],
  { target: ["{url}"], target_kind: "url", capability: "read", effects: [{ kind: "network", urls: ["{url}"] }] },
);

function onChannel(capability: Capability): ToolTarget {
  return { target: ["{channel_id}", "{channel}"], target_kind: "name", capability };
}

export const SLACK_TOOLS: Tools = {
  ...all(["slack_list_channels", "slack_get_users"], { target_kind: "name", capability: "read" }),
  ...all(["slack_get_channel_history", "slack_get_thread_replies"], onChannel("read")),
  slack_get_user_profile: { target: ["{user_id}"], target_kind: "name", capability: "read" },
  ...all(["slack_post_message", "slack_reply_to_thread", "slack_add_reaction"], onChannel("write")),
};

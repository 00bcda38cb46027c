/**
 * Tools of the GitHub MCP server (github/github-mcp-server) and the names the reference product's packs use.
 * Target: `owner/repo`, or the organisation, query or login where a call has no repository.
 */
import type { Capability } from "../action/action.ts";
import type { EffectTemplate, ToolTarget } from "./target-map.ts";

const REPOSITORY = ["{owner}/{repo}", "{org}/{name}", "{owner}", "{org}"];

function onRepository(capability: Capability, effects: readonly EffectTemplate[] = []): ToolTarget {
  return { target: REPOSITORY, target_kind: "repo", capability, effects };
}

function all(names: readonly string[], target: ToolTarget): Readonly<Record<string, ToolTarget>> {
  return Object.fromEntries(names.map((name) => [name, target]));
}

const READS = all(
  [
    "get_code_scanning_alert",
    "get_commit",
    "get_dependabot_alert",
    "get_discussion",
    "get_discussion_comments",
    "get_issue",
    "get_issue_comments",
    "get_job_logs",
    "get_label",
    "get_latest_release",
    "get_pull_request",
    "get_pull_request_comments",
    "get_pull_request_diff",
    "get_pull_request_files",
    "get_pull_request_review_comments",
    "get_pull_request_reviews",
    "get_pull_request_status",
    "get_release_by_tag",
    "get_repo",
    "get_repository",
    "get_repository_tree",
    "get_secret_scanning_alert",
    "get_tag",
    "get_team_members",
    "get_teams",
    "get_workflow_run",
    "get_workflow_run_logs",
    "get_workflow_run_usage",
    "issue_read",
    "list_branches",
    "list_code_scanning_alerts",
    "list_commits",
    "list_dependabot_alerts",
    "list_discussion_categories",
    "list_discussions",
    "list_issue_types",
    "list_issues",
    "list_label",
    "list_labels",
    "list_org_repository_security_advisories",
    "list_pull_requests",
    "list_releases",
    "list_repos",
    "list_repositories",
    "list_repository_security_advisories",
    "list_secret_scanning_alerts",
    "list_sub_issues",
    "list_tags",
    "list_workflow_jobs",
    "list_workflow_run_artifacts",
    "list_workflow_runs",
    "list_workflows",
    "pull_request_read",
    "download_workflow_run_artifact",
  ],
  onRepository("read"),
);

const QUERIES = all(
  [
    "search_code",
    "search_commits",
    "search_issues",
    "search_orgs",
    "search_pull_requests",
    "search_repositories",
    "search_users",
  ],
  { target: ["{query}", "{q}"], target_kind: "text", capability: "read" },
);

const ACCOUNT_READS = all(
  [
    "get_gist",
    "get_global_security_advisory",
    "get_me",
    "get_notification_details",
    "list_gists",
    "list_global_security_advisories",
    "list_notifications",
    "list_starred_repositories",
  ],
  { target: ["{username}", "{ghsaId}"], target_kind: "name", capability: "read" },
);

const WRITES = all(
  [
    "add_comment_to_pending_review",
    "add_issue_comment",
    "add_reply_to_pull_request_comment",
    "add_sub_issue",
    "assign_copilot_to_issue",
    "create_issue",
    "create_pending_pull_request_review",
    "create_pull_request_review",
    "create_pull_request_with_copilot",
    "fork_repository",
    "issue_write",
    "label_write",
    "manage_repository_notification_subscription",
    "remove_sub_issue",
    "reprioritize_sub_issue",
    "request_copilot_review",
    "star_repository",
    "sub_issue_write",
    "unstar_repository",
    "update_issue",
    "update_pull_request_branch",
    "create_release",
    "update_release",
  ],
  onRepository("write"),
);

const PULL_REQUEST: EffectTemplate = { kind: "vcs", refs: ["{base}"], flags: ["pull-request"] };

const CHANGES: Readonly<Record<string, ToolTarget>> = {
  create_pull_request: onRepository("write", [PULL_REQUEST]),
  update_pull_request: onRepository("write", [PULL_REQUEST]),
  create_branch: onRepository("write", [{ kind: "vcs", refs: ["{branch}"], flags: ["create-ref"] }]),
  get_file_contents: onRepository("read", [{ kind: "read", paths: ["{path}"], refs: ["{ref}", "{branch}"] }]),
  create_or_update_file: onRepository("write", [
    { kind: "write", paths: ["{path}"] },
    { kind: "vcs", refs: ["{branch}"], flags: ["commit"] },
  ]),
  push_files: onRepository("write", [
    { kind: "write", paths: ["{files[].path}"] },
    { kind: "vcs", refs: ["{branch}"], flags: ["commit"] },
  ]),
  delete_file: onRepository("delete", [
    { kind: "delete", paths: ["{path}"] },
    { kind: "vcs", refs: ["{branch}"], flags: ["commit"] },
  ]),
  create_repository: {
    target: ["{organization}/{name}", "{owner}/{name}", "{name}"],
    target_kind: "repo",
    capability: "write",
  },
  merge_pull_request: onRepository("deploy", [{ kind: "vcs", flags: ["merge"] }]),
  run_workflow: onRepository("deploy", [{ kind: "infra", refs: ["{ref}"], flags: ["workflow"] }]),
  rerun_workflow_run: onRepository("deploy", [{ kind: "infra", flags: ["workflow"] }]),
  rerun_failed_jobs: onRepository("deploy", [{ kind: "infra", flags: ["workflow"] }]),
  cancel_workflow_run: onRepository("write", [{ kind: "infra", flags: ["workflow"] }]),
  // A review can approve; which one it is stands in the arguments, so the stronger word holds for all of them.
  pull_request_review_write: onRepository("approve"),
  create_and_submit_pull_request_review: onRepository("approve"),
  submit_pending_pull_request_review: onRepository("approve"),
  approve_pull_request: onRepository("approve"),
  force_push: onRepository("delete", [{ kind: "vcs", refs: ["{branch}"], flags: ["force"] }]),
  delete_branch: onRepository("delete", [{ kind: "vcs", refs: ["{branch}"], flags: ["delete-ref"] }]),
};

const DELETES = all(
  [
    "delete_repo",
    "delete_repository",
    "delete_release",
    "delete_tag",
    "delete_issue",
    "delete_label",
    "delete_pending_pull_request_review",
    "delete_workflow_run_logs",
  ],
  onRepository("delete"),
);

const ACCOUNT_WRITES = all(
  [
    "create_gist",
    "update_gist",
    "dismiss_notification",
    "manage_notification_subscription",
    "mark_all_notifications_read",
  ],
  { target: ["{gist_id}", "{threadID}", "{notificationID}"], target_kind: "name", capability: "write" },
);

export const GITHUB_TOOLS: Readonly<Record<string, ToolTarget>> = {
  ...READS,
  ...QUERIES,
  ...ACCOUNT_READS,
  ...WRITES,
  ...CHANGES,
  ...DELETES,
  ...ACCOUNT_WRITES,
};

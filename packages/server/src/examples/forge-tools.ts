/** The tools of the example forge, as an MCP server lists them. */

export interface ForgeTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean };
}

const OWNER = { owner: text("Account or organisation"), repo: text("Repository") };

export const FORGE_TOOLS: readonly ForgeTool[] = [
  read("github.list_repos", "List repositories", {}),
  read("github.list_pull_requests", "List pull requests of a repository", OWNER),
  read(
    "github.get_file_contents",
    "Read a file of a repository",
    { ...OWNER, path: text("Path of the file") },
    { ref: text("Branch") },
  ),
  read("github.list_issues", "List issues of a repository", OWNER),
  write(
    "github.create_branch",
    "Create a branch",
    { ...OWNER, branch: text("New branch") },
    { from_branch: text("Where it starts") },
  ),
  write("github.create_issue", "Open an issue", { ...OWNER, title: text("Title") }, { body: text("Text") }),
  write(
    "github.create_pull_request",
    "Open a pull request",
    { ...OWNER, title: text("Title"), head: text("Branch with the changes"), base: text("Branch to merge into") },
    { body: text("Text") },
  ),
  destructive("github.merge_pull_request", "Merge a pull request", {
    ...OWNER,
    pull_number: number("Number of the pull request"),
  }),
  destructive("github.force_push", "Set a branch to a commit, whatever was there", {
    ...OWNER,
    branch: text("Branch"),
    sha: text("Commit"),
  }),
  destructive("github.delete_repo", "Delete a repository with everything in it", OWNER),
];

type Properties = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function read(name: string, description: string, required: Properties, optional: Properties = {}): ForgeTool {
  return tool(name, description, required, optional, { readOnlyHint: true, destructiveHint: false });
}

function write(name: string, description: string, required: Properties, optional: Properties = {}): ForgeTool {
  return tool(name, description, required, optional, { readOnlyHint: false, destructiveHint: false });
}

function destructive(name: string, description: string, required: Properties): ForgeTool {
  return tool(name, description, required, {}, { readOnlyHint: false, destructiveHint: true });
}

function tool(
  name: string,
  description: string,
  required: Properties,
  optional: Properties,
  annotations: ForgeTool["annotations"],
): ForgeTool {
  const properties = { ...required, ...optional };
  return {
    name,
    description,
    annotations,
    inputSchema: { type: "object", properties, required: Object.keys(required) },
  };
}

function text(description: string): Readonly<Record<string, unknown>> {
  return { type: "string", description };
}

function number(description: string): Readonly<Record<string, unknown>> {
  return { type: "integer", description };
}

/** What the example forge holds and does. Each call is logged before it runs, so that the log is the judge of what ran. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

export interface Forge {
  /** @throws ForgeRefusal for what a person would be told; the state is as before. */
  call(tool: string, args: Args): unknown;
}

export class ForgeRefusal extends Error {}

type Args = Readonly<Record<string, unknown>>;

interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly head: string;
  readonly base: string;
  state: "open" | "merged";
}

interface Repository {
  readonly files: Readonly<Record<string, string>>;
  readonly branches: Record<string, string>;
  readonly pulls: PullRequest[];
  readonly issues: { readonly number: number; readonly title: string }[];
}

type Repositories = Record<string, Repository>;

export function openForge(stateFile: string | undefined, callLog: string | undefined): Forge {
  const repositories = loadState(stateFile);
  return {
    call: (tool, args) => {
      if (callLog !== undefined)
        appendFileSync(callLog, `${JSON.stringify({ at: new Date().toISOString(), tool, arguments: args })}\n`);
      const result = run(tool, args, repositories);
      if (stateFile !== undefined) writeFileSync(stateFile, JSON.stringify(repositories));
      return result;
    },
  };
}

function loadState(stateFile: string | undefined): Repositories {
  if (stateFile === undefined || !existsSync(stateFile)) return freshState();
  const stored: Repositories = JSON.parse(readFileSync(stateFile, "utf8"));
  return stored;
}

function freshState(): Repositories {
  const pulls = [41, 42, 43, 44, 45, 46].map(
    (number): PullRequest => ({
      number,
      title: `Change ${number}`,
      head: `change-${number}`,
      base: "main",
      state: "open",
    }),
  );
  const branches = Object.fromEntries(pulls.map(({ head, number }) => [head, `c0ffee${number}`]));
  const issues = [{ number: 7, title: "The build is slow" }];
  return {
    "acme/api": {
      files: { "README.md": "# api\n", "src/main.ts": "start();\n" },
      branches: { main: "c0ffee00", ...branches },
      pulls,
      issues,
    },
    "acme/web": { files: { "README.md": "# web\n" }, branches: { main: "c0ffee01" }, pulls: [], issues: [] },
  };
}

function run(tool: string, args: Args, repositories: Repositories): unknown {
  if (tool === "github.list_repos") return Object.keys(repositories);
  const name = `${text(args, "owner")}/${text(args, "repo")}`;
  const repository = repositories[name];
  if (repository === undefined) throw new ForgeRefusal(`there is no repository ${name}`);
  switch (tool) {
    case "github.list_pull_requests":
      return repository.pulls;
    case "github.list_issues":
      return repository.issues;
    case "github.get_file_contents":
      return readFile(repository, text(args, "path"));
    case "github.create_branch":
      return setBranch(repository, text(args, "branch"), repository.branches[text(args, "from_branch", "main")]);
    case "github.force_push":
      return setBranch(repository, text(args, "branch"), text(args, "sha"));
    case "github.create_issue":
      return add(repository.issues, { number: nextNumber(repository), title: text(args, "title") });
    case "github.create_pull_request":
      return openPull(repository, args);
    case "github.merge_pull_request":
      return mergePull(repository, Number(args["pull_number"]));
    case "github.delete_repo":
      delete repositories[name];
      return { deleted: name };
    default:
      throw new ForgeRefusal(`there is no tool ${tool}`);
  }
}

function readFile(repository: Repository, path: string): unknown {
  const content = repository.files[path];
  if (content === undefined) throw new ForgeRefusal(`there is no file ${path}`);
  return { path, content };
}

function setBranch(repository: Repository, branch: string, sha: string | undefined): unknown {
  if (sha === undefined) throw new ForgeRefusal("there is no such branch to start from");
  repository.branches[branch] = sha;
  return { branch, sha };
}

function openPull(repository: Repository, args: Args): PullRequest {
  const [title, head, base] = [text(args, "title"), text(args, "head"), text(args, "base")];
  return add(repository.pulls, { number: nextNumber(repository), title, head, base, state: "open" });
}

function mergePull(repository: Repository, number: number): PullRequest {
  const pull = repository.pulls.find((each) => each.number === number);
  if (pull === undefined) throw new ForgeRefusal(`there is no pull request ${number}`);
  if (pull.state === "merged") throw new ForgeRefusal(`pull request ${number} is merged already`);
  pull.state = "merged";
  return pull;
}

function nextNumber({ pulls, issues }: Repository): number {
  return Math.max(0, ...pulls.map((each) => each.number), ...issues.map((each) => each.number)) + 1;
}

function add<Item>(items: Item[], item: Item): Item {
  items.push(item);
  return item;
}

function text(args: Args, key: string, otherwise?: string): string {
  const value = args[key] ?? otherwise;
  if (typeof value !== "string" || value === "") throw new ForgeRefusal(`${key} is missing`);
  return value;
}

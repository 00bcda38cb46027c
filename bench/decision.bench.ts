/**
 * One decision by rules, without record or gate: tool calls, command lines with several operations, statements and
 * requests against 20, 100 and 1000 rules as people write them. Most rules look at the tool, some at targets, paths,
 * arguments or flags; one in ten has no tool at all and is looked at for every action. Beside it, what reading a command line costs before that.
 */
import type { ActionDraft } from "@aegisflow/core";
import type { SourcedRule } from "@aegisflow/core/config/effective-policy";
import { type ToolRuleInput, toolRuleSchema } from "@aegisflow/core/config/policy-schema";
import { compileRules } from "@aegisflow/core/policy/compile-rules";
import { decideByRules } from "@aegisflow/core/policy/decide-by-rules";
import { createActionDescriber, describeCommand } from "@aegisflow/effects";
import { type BenchRow, percentiles } from "./bench-row.ts";

/** Rules to the most microseconds per decision. */
const TARGETS_US: readonly (readonly [rules: number, mostUs: number])[] = [
  [20, 1],
  [100, 5],
  [1000, 30],
];
const WARMUP_MS = 1_500;
const MEASURE_MS = 2_000;
const ROUNDS = 20;

export function decisionBench(report: (row: BenchRow) => void): Promise<void> {
  const drafts = actions();
  for (const [count, mostUs] of TARGETS_US) {
    const started = performance.now();
    const policy = compileRules({ defaultDecision: "review", rules: rules(count) });
    const compileMs = performance.now() - started;
    const decideAll = (): void => {
      for (const draft of drafts) decideByRules(policy, draft);
    };
    report({
      name: `decision, ${count} rules`,
      measured: measureUs(decideAll) / drafts.length,
      unit: "µs",
      target: { bound: "at-most", value: mostUs },
      note: `mean of ${drafts.length} different actions; compiled in ${compileMs.toFixed(1)} ms`,
    });
  }
  reportCommands(report);
  return Promise.resolve();
}

function reportCommands(report: (row: BenchRow) => void): void {
  const { p50, p99 } = percentiles(measureCommandsMs());
  report({ name: "shell command to effects, p50", measured: p50 * 1000, unit: "µs" });
  const target = { bound: "at-most", value: 2 } as const;
  report({ name: "shell command to effects, p99", measured: p99, unit: "ms", target });
}

/** Microseconds per call: the best of a few rounds, because the machine is shared and the code is not. */
function measureUs(run: () => void): number {
  runFor(run, WARMUP_MS);
  return Math.min(...Array.from({ length: ROUNDS }, () => runFor(run, MEASURE_MS / ROUNDS)));
}

function runFor(run: () => void, durationMs: number): number {
  const startedMs = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    for (let index = 0; index < 20; index += 1) run();
    calls += 20;
    elapsedMs = performance.now() - startedMs;
  }
  return (elapsedMs * 1000) / calls;
}

const NAMESPACES = ["github", "gitlab", "jira", "slack", "aws", "k8s", "stripe", "notion", "linear", "sentry"];

/** Ten kinds of rule in turn; specific ones first, general ones last, as in the packs. */
function rules(count: number): readonly SourcedRule[] {
  const inputs = Array.from({ length: count }, (_, index) => ruleAt(index, count));
  return inputs.map((input, index) => ({ id: `bench/${index + 1}`, rule: toolRuleSchema.parse(input) }));
}

function ruleAt(index: number, count: number): ToolRuleInput {
  const space = NAMESPACES[Math.floor(index / 10) % NAMESPACES.length] ?? "github";
  if (index >= count - 5) return GENERAL[index - (count - 5)] ?? { tool: "*", decision: "review" };
  switch (index % 10) {
    case 0:
      return { protocol: "mcp", tool: `${space}.delete_${index}*`, decision: "block" };
    case 1:
      return {
        protocol: "mcp",
        tool: `${space}.{create,update}_thing_${index}`,
        target: `acme/team-${index}-*`,
        decision: "allow",
      };
    case 2:
      return { protocol: "shell", tool: `shell.tool${index}`, decision: "block" };
    case 3:
      return { protocol: "shell", tool: "shell.git", target: `git push origin release/${index}*`, decision: "block" };
    case 4:
      return { protocol: "sql", tool: `sql.drop_${index}`, decision: "block" };
    case 5:
      return {
        protocol: "http",
        tool: "http.{post,put}",
        target: `https://api-${index}.example.com/*`,
        decision: "allow",
      };
    case 6:
      return { protocol: "mcp", tool: `${space}.merge_${index}`, args: { base: "main" }, decision: "review" };
    case 7:
      return { protocol: "git", refs: [`release/${index}/*`], flags: ["force"], decision: "block" };
    case 8:
      return { paths: [`**/secret-${index}/**`], decision: "block" };
    default:
      return { protocol: "mcp", tool: `fs.write_${index}`, target: `docs/${index}/**`, decision: "allow" };
  }
}

/** What most actions end at. */
const GENERAL: readonly ToolRuleInput[] = [
  { protocol: "mcp", tool: "{github,fs,slack}.{get,list,read,search}_*", capability: "read", decision: "allow" },
  { protocol: "shell", tool: "shell.{ls,cat,grep,rg,git,npm}", capability: "read", decision: "allow" },
  { protocol: "sql", tool: "sql.select", decision: "allow" },
  { protocol: "mcp", tool: "github.create_*", decision: "allow" },
  { capability: "delete", decision: "review" },
];

function actions(): readonly ActionDraft[] {
  const describe = createActionDescriber();
  const asked: readonly Pick<ActionDraft, "protocol" | "tool" | "target" | "target_kind" | "parameters">[] = [
    call("github.list_issues", { owner: "acme", repo: "api" }),
    call("github.get_file_contents", { owner: "acme", repo: "api", path: "src/main.ts" }),
    call("github.create_pull_request", { owner: "acme", repo: "api", title: "t", head: "feat/x", base: "main" }),
    call("github.delete_repo", { owner: "acme", repo: "api" }),
    call("fs.read_text_file", { path: "docs/guide/start.md" }),
    call("fs.write_file", { path: "src/main.ts", content: "x" }),
    call("slack.post_message", { channel: "general", text: "hello" }),
    call("unheard.of_tool", { a: 1 }),
    { protocol: "shell", tool: "shell.exec", target: "ls -la src", target_kind: "command", parameters: {} },
    { protocol: "shell", tool: "shell.exec", target: "git push origin feat/x", target_kind: "command", parameters: {} },
    {
      protocol: "shell",
      tool: "shell.exec",
      target: "grep -rn main src | head",
      target_kind: "command",
      parameters: {},
    },
    { protocol: "sql", tool: "sql.select", target: "select * from users", target_kind: "sql", parameters: {} },
    {
      protocol: "http",
      tool: "http.post",
      target: "https://api.stripe.com/v1/charges",
      target_kind: "url",
      parameters: {},
    },
    { protocol: "git", tool: "git.push", target: "acme/api", target_kind: "repo", parameters: {} },
  ];
  return asked.flatMap((each): readonly ActionDraft[] =>
    describe({
      actor: { type: "agent", id: "bench-agent", session_id: "s", tenant_id: "default" },
      task: "bench",
      requested_capability: "execute",
      effects: [],
      ...each,
    }),
  );
}

function call(tool: string, parameters: ActionDraft["parameters"]) {
  return { protocol: "mcp", tool, target: tool, target_kind: "name", parameters } as const;
}

const COMMANDS = [
  "ls -la && git status",
  "find . -name '*.ts' | xargs grep -n foo | head -20",
  "sudo -u root env A=1 sh -c 'rm -rf /tmp/x'",
  'for f in src/*.ts; do wc -l "$f"; done',
  "git -C . push -f origin main",
  "cat <<'EOF' > a.sh\necho hello\nEOF",
];
const COMMAND_RUNS = 1000;

function measureCommandsMs(): number[] {
  for (let warmUp = 0; warmUp < COMMAND_RUNS; warmUp += 1) for (const command of COMMANDS) describeCommand(command);
  return Array.from({ length: COMMAND_RUNS }, () => COMMANDS.map(timeCommandMs)).flat();
}

function timeCommandMs(command: string): number {
  const startedMs = performance.now();
  describeCommand(command);
  return performance.now() - startedMs;
}

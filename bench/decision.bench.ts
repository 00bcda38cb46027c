/**
 * How long the tool rules take to decide: at 20, 100 and 1,000 rules, for tool calls of which some hit early, some
 * late and some never; and what reading a shell command by its grammar costs before that.
 */
import type { ActionDraft } from "@aegisflow/core";
import type { SourcedRule } from "@aegisflow/core/config/effective-policy";
import { type CompiledPolicy, compileRules } from "@aegisflow/core/policy/compile-rules";
import { decideByRules, toVerdict } from "@aegisflow/core/policy/decide-by-rules";
import { describeCommand } from "@aegisflow/effects";
import { type BenchRow, percentiles } from "./bench-row.ts";

/** Rules and the microseconds that one decision may take with them. */
const SIZES: readonly (readonly [rules: number, targetUs: number])[] = [
  [20, 1],
  [100, 5],
  [1000, 30],
];
const DECISIONS = 200_000;
/** The fastest of several rounds: other work on the machine only ever adds. */
const ROUNDS = 5;

export async function decisionBench(report: (row: BenchRow) => void): Promise<void> {
  for (const [rules, targetUs] of SIZES) {
    const measured = measureDecisionNs(rules) / 1000;
    const target = { bound: "at-most", value: targetUs } as const;
    report({ name: `decision, ${rules} rules`, measured, unit: "µs", target });
  }
  const command = percentiles(measureCommandsMs());
  report({ name: "shell command to effects, p50", measured: command.p50 * 1000, unit: "µs" });
  report({
    name: "shell command to effects, p99",
    measured: command.p99,
    unit: "ms",
    target: { bound: "at-most", value: 2 },
  });
}

/** Prints nanoseconds for each decision. */
export function runDecisionBench(): void {
  for (const [rules] of SIZES) console.log(`${rules} rules: ${Math.round(measureDecisionNs(rules))} ns per decision`);
}

function measureDecisionNs(rules: number): number {
  const policy = compileRules({ defaultDecision: "block", rules: createRules(rules) });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) best = Math.min(best, timeRoundMs(policy));
  return (best * 1e6) / DECISIONS;
}

function timeRoundMs(policy: CompiledPolicy): number {
  const drafts = ACTIONS.map(createDraft);
  let seen = 0;
  const startedMs = performance.now();
  for (let index = 0; index < DECISIONS; index += 1) {
    const draft = drafts[index % drafts.length];
    if (draft !== undefined) seen += toVerdict(decideByRules(policy, draft), "tool-rules").rule.length;
  }
  const elapsedMs = performance.now() - startedMs;
  if (seen === 0) throw new Error("the decisions were optimised away");
  return elapsedMs;
}

const NAMESPACES = ["github", "fs", "git", "slack", "postgres"];
const VERBS = ["list", "get", "create", "update", "delete", "merge", "search", "add", "remove", "close"];

/** Literal names, prefixes, targets and a catch-all at the end, as people write them. */
function createRules(count: number): SourcedRule[] {
  const rules = Array.from({ length: count - 1 }, (_, index): SourcedRule => {
    const name = `${NAMESPACES[index % NAMESPACES.length]}.${VERBS[index % VERBS.length]}`;
    const tool = index % 3 === 0 ? `${name}_thing_${index}` : `${name}_*_${index}`;
    const target = index % 7 === 0 ? { target: "acme/secret-*" } : {};
    return { id: `bench/${index}`, rule: { protocol: "mcp", tool, ...target, decision: "review" } };
  });
  return [...rules, { id: "bench/last", rule: { protocol: "mcp", tool: "github.*", decision: "allow" } }];
}

const ACTIONS = ["github.create_pull_request", "github.list_repos", "fs.read_file", "unknown.tool"];

function createDraft(tool: string): ActionDraft {
  return {
    actor: { type: "agent", id: "bench", session_id: "bench", tenant_id: "default" },
    task: "bench",
    protocol: "mcp",
    tool,
    target: "acme/api",
    target_kind: "repo",
    parameters: {},
    requested_capability: "write",
    effects: [],
  };
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

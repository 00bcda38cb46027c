/** aegisctl policy diff: what changes between two policies, in rules and in concrete actions decided differently. */
import type { SourcedRule } from "@aegisflow/core/config/effective-policy";
import { toDrafts } from "@aegisflow/core/policy/action-input";
import { type DecisionChange, diffPolicies, type PolicyDiff, type RuleChange } from "@aegisflow/core/policy/diff";
import { type Drafts, sampleActions } from "@aegisflow/core/policy/sample-actions";
import { createActionDescriber } from "@aegisflow/effects";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { parseCount } from "../parse-option.ts";
import { isVersionName, openPolicyOrVersion, type PolicySource } from "../policy-source.ts";

/** Actions shown unless asked for more. */
const SHOWN_DEFAULT = 40;

interface DiffOptions {
  readonly limit: number;
  readonly json?: true;
}

/** `policy diff` below `policy`. */
export function addPolicyDiff(policy: Command, io: CliIo): void {
  addDiff(policy, io, "diff");
}

/** The name the command had in the reference product. */
export function addDiffPolicyCommand(program: Command, io: CliIo): void {
  addDiff(program, io, "diff-policy");
}

function addDiff(parent: Command, io: CliIo, name: string): void {
  parent
    .command(name)
    .description("show the actions that two policies decide differently")
    .argument("<old>", "pack, file, or number of a version of the server (`current` is the one in force)")
    .argument("<new>", "the same")
    .option("--limit <n>", "most actions to show", parseCount, SHOWN_DEFAULT)
    .option("--json", "print JSON, with every action")
    .action(async (before: string, after: string, { limit, json }: DiffOptions) => {
      const opened = [await openPolicyOrVersion(io, before), await openPolicyOrVersion(io, after)] as const;
      const [old, next] =
        isVersionName(before) || isVersionName(after) ? [nameInFull(opened[0]), nameInFull(opened[1])] : opened;
      const diff = diffPolicies(old.policy, next.policy, samplesOf(old, next));
      if (json) return printJson(io, { before: old.name, after: next.name, ...diff });
      io.stdout(renderDiff(old.name, next.name, diff, limit));
    });
}

/** A version knows its rules by their full names only (`pr-writer/merge`): beside it, so must the other side. */
function nameInFull(source: PolicySource): PolicySource {
  return { ...source, policy: { ...source.policy, rules: source.policy.rules.map(withFullId) } };
}

/** A name such as `pr-writer/17` is only a place, which says nothing about the rule. */
function withFullId(sourced: SourcedRule): SourcedRule {
  const { id: _id, ...rule } = sourced.rule;
  return { ...sourced, rule: /\/\d+$/.test(sourced.id) ? rule : { ...rule, id: sourced.id } };
}

/** The cases of both, and actions made from the rules of both. */
function samplesOf(old: PolicySource, next: PolicySource): Drafts[] {
  const describe = createActionDescriber(next.targets);
  const cases = [...old.cases, ...next.cases].map(({ input }) => toDrafts(input, describe));
  return [...cases, ...sampleActions([...old.policy.rules, ...next.policy.rules], describe)];
}

function renderDiff(before: string, after: string, diff: PolicyDiff, limit: number): string {
  const { default_decision, rules, decisions, tried } = diff;
  const head = `${toOneLine(before)} -> ${toOneLine(after)}\n`;
  const fallback =
    default_decision === undefined ? "" : `Default decision: ${default_decision.before} -> ${default_decision.after}\n`;
  const shown = decisions.slice(0, limit);
  const more = decisions.length > shown.length ? `… and ${decisions.length - shown.length} more; see --limit\n` : "";
  const table = shown.length === 0 ? "" : renderTable(COLUMNS, shown.map(toRow));
  const count = `Decisions: ${decisions.length} of ${tried} actions tried are decided differently\n`;
  return `${head}${fallback}Rules: ${countChanges(rules)}\n${rules.map(renderChange).join("")}${count}${table}${more}`;
}

const KINDS = ["added", "removed", "changed", "moved"] as const;

function countChanges(changes: readonly RuleChange[]): string {
  return KINDS.map((kind) => `${changes.filter((change) => change.kind === kind).length} ${kind}`).join(", ");
}

function renderChange(change: RuleChange): string {
  const before = change.kind === "added" ? undefined : ruleText(change.before);
  const after = change.kind === "removed" ? undefined : ruleText(change.after);
  const texts = change.kind === "moved" ? [after] : [before, after].filter((text) => text !== undefined);
  return `  ${change.kind.padEnd(8)}${toOneLine(texts.join("  ->  "))}\n`;
}

/** `pr-writer/merge: tool github.merge_*, capability deploy: review`. */
function ruleText({ id, rule }: SourcedRule): string {
  const { id: _id, decision, reason: _reason, suggestion: _suggestion, ...conditions } = rule;
  const tested = Object.entries(conditions).map(([key, value]) => {
    return `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
  return `${id}: ${tested.join(", ")}: ${decision}`;
}

const COLUMNS = ["PROTOCOL", "TOOL", "ACTION", "BEFORE", "AFTER"];

function toRow({ action, before, after }: DecisionChange): string[] {
  return [action.protocol, action.tool, actionText(action), decided(before), decided(after)];
}

function decided({ decision, rule_id }: DecisionChange["before"]): string {
  return `${decision} (${rule_id.replace(/^\((.*)\)$/, "$1")})`;
}

function actionText({
  target,
  tool,
  requested_capability,
  parameters,
  effects,
  actor,
}: DecisionChange["action"]): string {
  const args = Object.keys(parameters).length === 0 ? [] : [JSON.stringify(parameters)];
  const touched = effects.flatMap(({ paths = [], refs = [], hosts = [], tables = [], flags = [] }) => {
    return [...paths, ...refs, ...hosts, ...tables, ...flags.map((flag) => `[${flag}]`)];
  });
  const by = actor.id === "agent" ? [] : [`by ${actor.id}`];
  const what = target === tool ? [] : [target];
  return [requested_capability, ...what, ...args, ...touched.filter((text) => !target.includes(text)), ...by].join(" ");
}

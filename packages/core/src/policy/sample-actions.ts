/**
 * Concrete actions that rules are about, made from their globs and conditions: what a comparison of two policies
 * tries out beside the cases that people wrote. Not every action a rule matches; at least one for most rules.
 */
import {
  type ActionDraft,
  type Capability,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Protocol,
  type TargetKind,
} from "../action/action.ts";
import type { Effect, EffectKind } from "../action/effect.ts";
import type { SourcedRule } from "../config/effective-policy.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import type { DescribeDraft } from "./action-input.ts";
import { sampleGlob } from "./sample-glob.ts";

export type Drafts = readonly [ActionDraft, ...ActionDraft[]];

/** Most actions for one rule. */
const PER_RULE_MAX = 256;

/** @param describe reads a command line as the shell gate would. */
export function sampleActions(rules: readonly SourcedRule[], describe: DescribeDraft): Drafts[] {
  return [...rules.flatMap(({ rule }) => sampleRule(rule, describe)), ...PROBES.map((draft): Drafts => [draft])];
}

function sampleRule(rule: ToolRuleConfig, describe: DescribeDraft): Drafts[] {
  const drafts = variantsOf(rule).flatMap((variant) => {
    return protocolsOf(variant).flatMap((protocol) => sampleVariant(variant, protocol, describe));
  });
  return drafts.slice(0, PER_RULE_MAX);
}

function sampleVariant(rule: ToolRuleConfig, protocol: Protocol, describe: DescribeDraft): Drafts[] {
  return toolsOf(rule, protocol).flatMap((tool) => {
    const targets = rule.target === undefined ? [defaultTarget(protocol, tool)] : sampleGlob(rule.target);
    return targets.map((target): Drafts => {
      const draft = draftFor(rule, protocol, tool, target);
      return protocol === "shell" && draft.effects.length === 0 ? describe(draft) : [draft];
    });
  });
}

const LISTS = ["effects", "paths", "refs", "hosts", "tables", "flags", "actor", "tenant", "environment"] as const;

/** The rule with the first entry of each of its lists; then once with every other entry of one list. */
function variantsOf(rule: ToolRuleConfig): ToolRuleConfig[] {
  const firsts = LISTS.flatMap((key) => (rule[key] === undefined ? [] : [[key, rule[key].slice(0, 1)] as const]));
  const base: ToolRuleConfig = { ...rule, ...Object.fromEntries(firsts) };
  const others = LISTS.flatMap((key) =>
    (rule[key] ?? []).slice(1).map((entry): ToolRuleConfig => ({ ...base, [key]: [entry] })),
  );
  const otherArguments = Object.entries(rule.args ?? {}).flatMap(([path, accepted]) => {
    return accepted.slice(1).map((value): ToolRuleConfig => ({ ...base, args: { ...rule.args, [path]: [value] } }));
  });
  return [base, ...others, ...otherArguments];
}

function protocolsOf({ protocol, tool = "" }: ToolRuleConfig): readonly Protocol[] {
  if (protocol !== undefined) return [protocol];
  const named = (["shell", "sql", "http", "git"] as const).find((name) => tool.startsWith(`${name}.`));
  if (named === "git") return ["git", "mcp"];
  return named === undefined ? ["mcp", "shell"] : [named];
}

const TOOL_OF: Readonly<Record<Protocol, string>> = {
  mcp: "example.do",
  shell: "shell.exec",
  sql: "sql.query",
  http: "http.post",
  git: "git.push",
};

function toolsOf({ tool }: ToolRuleConfig, protocol: Protocol): readonly string[] {
  return tool === undefined ? [TOOL_OF[protocol]] : sampleGlob(tool);
}

function defaultTarget(protocol: Protocol, tool: string): string {
  if (protocol === "http") return "https://example.com/x";
  return protocol === "shell" && tool !== "shell.exec" ? tool.replace(/^shell\./, "") : tool;
}

function draftFor(rule: ToolRuleConfig, protocol: Protocol, tool: string, target: string): ActionDraft {
  const environment = firstSample(rule.environment);
  return {
    actor: {
      type: "agent",
      id: firstSample(rule.actor) ?? "agent",
      session_id: "s",
      tenant_id: firstSample(rule.tenant) ?? "default",
    },
    task: "policy-question",
    protocol,
    tool,
    target,
    target_kind: kindOf(protocol, target),
    parameters: parametersFor(rule.args ?? {}),
    requested_capability: rule.capability ?? capabilityFor(rule),
    effects: effectsFor(rule, tool),
    ...(environment === undefined ? {} : { environment }),
  };
}

function firstSample(patterns: readonly string[] | undefined): string | undefined {
  return patterns?.flatMap((pattern) => sampleGlob(pattern))[0];
}

function kindOf(protocol: Protocol, target: string): TargetKind {
  if (protocol === "shell") return "command";
  if (protocol === "sql") return "sql";
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return "url";
  if (/^(?:~|\.{0,2})\//.test(target) || /\/.*\/|\/\S*\.\w{1,10}$/.test(target)) return "path";
  return /^[\w.-]+\/[\w.-]+$/.test(target) ? "repo" : /\s/.test(target) ? "text" : "name";
}

const CAPABILITY_OF: Readonly<Partial<Record<EffectKind, Capability>>> = {
  read: "read",
  "secret-access": "read",
  write: "write",
  delete: "delete",
  unknown: "unknown",
};

function capabilityFor({ effects }: ToolRuleConfig): Capability {
  const [kind] = effects ?? [];
  return (kind === undefined ? undefined : CAPABILITY_OF[kind]) ?? "execute";
}

const KIND_OF: Readonly<Partial<Record<Capability, EffectKind>>> = { read: "read", write: "write", delete: "delete" };

/** One operation that has everything the rule asks of an operation; none when it asks nothing. */
function effectsFor(rule: ToolRuleConfig, operation: string): readonly Effect[] {
  const { effects, paths, refs, hosts, tables, flags } = rule;
  const lists = { paths, refs, hosts, tables, flags };
  const asked = Object.entries(lists).filter(([, patterns]) => patterns !== undefined);
  if (effects === undefined && asked.length === 0) return [];
  const capability = rule.capability ?? capabilityFor(rule);
  const values = asked.map(([key, patterns]) => [key, [firstSample(patterns) ?? "x"]]);
  return [
    { kind: effects?.[0] ?? KIND_OF[capability] ?? "exec", operation, capability, ...Object.fromEntries(values) },
  ];
}

type ArgumentTests = NonNullable<ToolRuleConfig["args"]>;

function parametersFor(args: ArgumentTests): JsonObject {
  return Object.entries(args).reduce<JsonObject>((parameters, [path, [accepted]]) => {
    const value = typeof accepted === "string" ? (sampleGlob(accepted)[0] ?? "x") : (accepted ?? "x");
    return withValue(parameters, path.startsWith("/") ? path.slice(1).split("/") : path.split("."), value);
  }, {});
}

function withValue(parameters: JsonObject, [key = "", ...rest]: readonly string[], value: JsonValue): JsonObject {
  if (rest.length === 0) return { ...parameters, [key]: value };
  const child = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
  return { ...parameters, [key]: withValue(isJsonObject(child) ? child : {}, rest, value) };
}

/** What hardly any rule mentions: shows a change of the default. */
const PROBES: readonly ActionDraft[] = (["mcp", "shell", "sql", "http", "git"] as const).map((protocol) =>
  draftFor(
    { decision: "block" },
    protocol,
    `${protocol === "mcp" ? "example" : protocol}.nothing_mentions_this`,
    "https://example.com/nothing-mentions-this",
  ),
);

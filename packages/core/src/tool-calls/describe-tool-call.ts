/**
 * Hop 1 for MCP: a tool call becomes an action draft. The target and capability come from the map that knows the
 * tool, else from its name; whatever the map cannot read makes the capability `unknown`, which is never allowed
 * silently. A call on several targets also gives one part for each, and the strictest verdict of the parts holds.
 * Pure, tested by a corpus.
 */
import {
  type ActionDraft,
  type Actor,
  type Capability,
  isJsonObject,
  type JsonObject,
  type TargetKind,
} from "../action/action.ts";
import type { Effect } from "../action/effect.ts";
import { compileGlob } from "../policy/glob.ts";
import { builtInTarget } from "./built-in-targets.ts";
import { inferCapability, tightenRead } from "./infer-capability.ts";
import { type ConfiguredTarget, type EffectTemplate, fillTemplate, type ToolTarget } from "./target-map.ts";

/** What every action of an MCP client is for, until a task manifest names it. */
const MCP_TASK = "mcp-session";
/** Longest text taken for a target from a sealed-size argument; longer ones are not targets. */
const TARGET_CHARS_MAX = 128 * 1024;

export interface ToolIdentity {
  /** Name that clients call. */
  readonly exposedName: string;
  /** Name that rules see: `github.create_pull_request`. */
  readonly policyName: string;
  readonly upstream: string;
  readonly annotations: JsonObject;
}

export interface ToolCallDescription {
  readonly draft: ActionDraft;
  /** One draft for each further target of a compound call; empty for a simple one. */
  readonly parts: readonly ActionDraft[];
}

export type DescribeToolCall = (tool: ToolIdentity, args: JsonObject, actor: Actor) => ToolCallDescription;

/** @throws AegisError `config-invalid` for a bad glob in the configured targets. */
export function createToolCallDescriber(configured: readonly ConfiguredTarget[]): DescribeToolCall {
  const entries = configured.map((target) => ({ target, matches: compileGlob(target.tool, "text") }));
  return (tool, args, actor) => {
    const entry = entries.find(({ matches }) => matches(tool.policyName));
    return toDescription(tool, args, actor, readMeaning(entry?.target ?? knownTarget(tool), tool, args));
  };
}

/** The built-in map or the name says what a tool does; its own annotations can only take a `read` away. */
function knownTarget(tool: ToolIdentity): ToolTarget {
  const { namespace, name } = splitPolicyName(tool.policyName);
  const known = builtInTarget(namespace, name) ?? { target_kind: "name", capability: inferCapability(name) };
  return known.capability === "read" ? { ...known, capability: tightenRead(tool.annotations) } : known;
}

/** `github.create_issue` -> `github` + `create_issue`; a name without a dot has no namespace. */
export function splitPolicyName(policyName: string): { readonly namespace: string; readonly name: string } {
  const dot = policyName.indexOf(".");
  return dot === -1
    ? { namespace: "", name: policyName }
    : { namespace: policyName.slice(0, dot), name: policyName.slice(dot + 1) };
}

interface Meaning {
  readonly targets: readonly string[];
  readonly targetKind: TargetKind;
  readonly capability: Capability;
  readonly effects: readonly Effect[];
}

function readMeaning(known: ToolTarget, tool: ToolIdentity, args: JsonObject): Meaning {
  const targets = readTargets(known, args);
  const effects = readEffects(known.effects ?? [], tool.policyName, args);
  if (targets === "odd" || effects === "odd") {
    const unread: Effect = { kind: "unknown", operation: tool.policyName, flags: ["unreadable-arguments"] };
    return { targets: [tool.policyName], targetKind: "name", capability: "unknown", effects: [unread] };
  }
  const { capability } = known;
  if (targets.length === 0) return { targets: [tool.policyName], targetKind: "name", capability, effects };
  return { targets, targetKind: known.target_kind, capability, effects };
}

/** The first template that fits gives the targets; `also` adds to them. */
function readTargets(known: ToolTarget, args: JsonObject): readonly string[] | "odd" {
  const targets: string[] = [];
  for (const template of known.target ?? []) {
    const filled = fillTemplate(template, args);
    if (filled.kind === "odd") return "odd";
    if (filled.kind === "absent") continue;
    targets.push(...filled.values);
    break;
  }
  for (const template of known.also ?? []) {
    const filled = fillTemplate(template, args);
    if (filled.kind === "odd") return "odd";
    if (filled.kind === "filled") targets.push(...filled.values);
  }
  return normaliseTargets(known.target_kind, targets);
}

function normaliseTargets(kind: TargetKind, targets: readonly string[]): readonly string[] | "odd" {
  if (targets.some((target) => target.length > TARGET_CHARS_MAX)) return "odd";
  if (kind === "repo") return targets.every(isRepository) ? targets : "odd";
  if (kind !== "url") return targets;
  const urls = targets.map((target) => (URL.canParse(target) ? new URL(target).href : undefined));
  return urls.every((url) => url !== undefined) ? urls : "odd";
}

/** `owner/repo` or `owner`: a name with more slashes or dot segments means another repository to the server. */
function isRepository(target: string): boolean {
  const segments = target.split("/");
  return (
    segments.length <= 2 && segments.every((segment) => /^[\w.-]{1,100}$/.test(segment) && !/^\.{1,2}$/.test(segment))
  );
}

function readEffects(
  templates: readonly EffectTemplate[],
  operation: string,
  args: JsonObject,
): readonly Effect[] | "odd" {
  const effects: Effect[] = [];
  for (const template of templates) {
    const paths = fillAll(template.paths, args);
    const refs = fillAll(template.refs, args);
    const tables = fillAll(template.tables, args);
    const hosts = hostsOf(fillAll(template.urls, args));
    if (paths === "odd" || refs === "odd" || tables === "odd" || hosts === "odd") return "odd";
    effects.push({
      kind: template.kind,
      operation,
      ...(paths.length === 0 ? {} : { paths }),
      ...(refs.length === 0 ? {} : { refs }),
      ...(tables.length === 0 ? {} : { tables }),
      ...(hosts.length === 0 ? {} : { hosts }),
      ...(template.flags === undefined ? {} : { flags: template.flags }),
    });
  }
  return effects;
}

function fillAll(templates: readonly string[] | undefined, args: JsonObject): readonly string[] | "odd" {
  const values: string[] = [];
  for (const template of templates ?? []) {
    const filled = fillTemplate(template, args);
    if (filled.kind === "odd") return "odd";
    if (filled.kind === "filled") values.push(...filled.values);
  }
  return values;
}

function hostsOf(urls: readonly string[] | "odd"): readonly string[] | "odd" {
  if (urls === "odd" || !urls.every((url) => URL.canParse(url))) return "odd";
  return urls.map((url) => new URL(url).hostname);
}

function toDescription(tool: ToolIdentity, args: JsonObject, actor: Actor, meaning: Meaning): ToolCallDescription {
  const { targets, targetKind, capability, effects } = meaning;
  const toDraft = (target: string): ActionDraft => ({
    actor,
    task: MCP_TASK,
    protocol: "mcp",
    tool: tool.policyName,
    target,
    target_kind: targetKind,
    parameters: args,
    requested_capability: capability,
    effects,
    resource: { type: "mcp-tool", provider: tool.upstream },
  });
  const [first = tool.policyName, ...others] = targets;
  return { draft: toDraft(first), parts: [...new Set(others)].map(toDraft) };
}

/** The annotations of a tool definition, whatever the server put there. */
export function annotationsOf(definition: JsonObject): JsonObject {
  const annotations = definition["annotations"];
  return isJsonObject(annotations) ? annotations : {};
}

/**
 * Compiles what a rule tests beyond protocol, tool, target and capability. A condition on a list (paths, refs …)
 * holds for a review or a block when any value matches, and for an allow only when there are values and all match.
 */
import type { JsonObject, JsonValue } from "../action/action.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import type { ActionView } from "./action-view.ts";
import { compileGlob, type GlobMatcher } from "./glob.ts";
import { compilePathGlob } from "./rule-target.ts";

export type ConditionFailure =
  | "effect mismatch"
  | "path glob no match"
  | "ref glob no match"
  | "host glob no match"
  | "table glob no match"
  | "flag mismatch"
  | "argument mismatch"
  | "actor mismatch"
  | "tenant mismatch"
  | "environment mismatch";

export interface Condition {
  readonly failReason: ConditionFailure;
  readonly holds: (view: ActionView) => boolean;
}

type ListKey = "paths" | "refs" | "hosts" | "tables";

export function compileConditions(rule: ToolRuleConfig): readonly Condition[] {
  const allows = rule.decision === "allow";
  const conditions: Condition[] = [];
  const add = (failReason: ConditionFailure, holds: (view: ActionView) => boolean): void => {
    conditions.push({ failReason, holds });
  };
  const addList = (key: ListKey, failReason: ConditionFailure, compile: (pattern: string) => GlobMatcher): void => {
    const patterns = rule[key];
    if (patterns === undefined) return;
    const matches = anyOf(patterns, compile);
    add(failReason, (view) => (allows ? view[key].length > 0 && view[key].every(matches) : view[key].some(matches)));
  };
  const { effects, flags, args } = rule;
  if (effects !== undefined) add("effect mismatch", (view) => effects.some((kind) => kind === view.effectKind));
  addList("paths", "path glob no match", compilePathGlob);
  addList("refs", "ref glob no match", compileRefGlob);
  addList("hosts", "host glob no match", (pattern) => compileGlob(pattern.toLowerCase(), "text"));
  addList("tables", "table glob no match", compileTableGlob);
  if (flags !== undefined)
    add(
      "flag mismatch",
      someOf(flags, (view) => view.flags),
    );
  if (args !== undefined) add("argument mismatch", compileArguments(args, allows));
  addIdentity(rule, add);
  return conditions;
}

function addIdentity(rule: ToolRuleConfig, add: (reason: ConditionFailure, holds: Condition["holds"]) => void): void {
  const { actor, tenant, environment } = rule;
  if (actor !== undefined)
    add(
      "actor mismatch",
      someOf(actor, (view) => [view.draft.actor.id]),
    );
  if (tenant !== undefined)
    add(
      "tenant mismatch",
      someOf(tenant, (view) => [view.draft.actor.tenant_id]),
    );
  if (environment === undefined) return;
  add(
    "environment mismatch",
    someOf(environment, ({ draft }) => [draft.environment ?? draft.resource?.environment ?? ""]),
  );
}

function someOf(patterns: readonly string[], values: (view: ActionView) => readonly string[]): Condition["holds"] {
  const matches = anyOf(patterns, compileText);
  return (view) => values(view).some(matches);
}

function compileText(pattern: string): GlobMatcher {
  return compileGlob(pattern, "text");
}

function anyOf(patterns: readonly string[], compile: (pattern: string) => GlobMatcher): GlobMatcher {
  const matchers = patterns.map(compile);
  const [only] = matchers;
  if (only !== undefined && matchers.length === 1) return only;
  return (text) => matchers.some((matches) => matches(text));
}

/** `main` is also `refs/heads/main`; a full name in the rule means itself. */
function compileRefGlob(pattern: string): GlobMatcher {
  const matches = compileGlob(pattern, "text");
  if (pattern.startsWith("refs/")) return (ref) => matches(ref) || matches(`refs/heads/${ref}`);
  return (ref) => matches(ref) || matches(ref.replace(/^refs\/(?:heads|tags)\//, ""));
}

/** SQL names are caseless unless quoted; a name without schema is in any schema. */
function compileTableGlob(pattern: string): GlobMatcher {
  const matches = compileGlob(pattern.toLowerCase(), "text");
  const schemaless = pattern.includes(".") ? undefined : compileGlob(`*.${pattern.toLowerCase()}`, "text");
  return (table) => matches(table.toLowerCase()) || (schemaless?.(table.toLowerCase()) ?? false);
}

type ArgumentTests = NonNullable<ToolRuleConfig["args"]>;

function compileArguments(args: ArgumentTests, allows: boolean): Condition["holds"] {
  const tests = Object.entries(args).map(([path, accepted]) => {
    const matchers = accepted.map(compileValue);
    const accepts = (value: JsonValue): boolean => matchers.some((matches) => matches(value));
    return (parameters: JsonObject): boolean => {
      const value = argumentAt(parameters, path);
      if (value === undefined) return false;
      if (!Array.isArray(value)) return accepts(value);
      return allows ? value.length > 0 && value.every(accepts) : value.some(accepts);
    };
  });
  return (view) => tests.every((test) => test(view.draft.parameters));
}

function compileValue(accepted: string | number | boolean): (value: JsonValue) => boolean {
  if (typeof accepted !== "string") return (value) => value === accepted || value === String(accepted);
  const matches = compileGlob(accepted, "text");
  return (value) => {
    if (typeof value === "string") return matches(value.normalize("NFC"));
    return (typeof value === "number" || typeof value === "boolean") && matches(String(value));
  };
}

/** `/options/force` is a JSON pointer (RFC 6901); `options.force` and `options.0` are keys joined by dots. */
export function argumentAt(parameters: JsonObject, path: string): JsonValue | undefined {
  if (!path.startsWith("/") && Object.hasOwn(parameters, path)) return parameters[path];
  const keys = path.startsWith("/")
    ? path
        .slice(1)
        .split("/")
        .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    : path.split(".");
  let value: JsonValue | undefined = parameters;
  for (const key of keys) value = childOf(value, key);
  return value;
}

function childOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (Array.isArray(value))
    return /^(?:0|[1-9]\d*)$/.test(key) ? (value as readonly JsonValue[])[Number(key)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}

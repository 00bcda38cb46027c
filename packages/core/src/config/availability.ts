/**
 * Which known keys this version does not have. Using one is a load error that names it: a file never promises what
 * is not enforced. A block with `enabled: false`, or one that only holds empty values, asks for nothing and loads.
 * A feature that arrives loses its line here; nothing else changes.
 */

export interface UnavailableKey {
  /** Key path; `*` stands for one list index or map key. */
  readonly path: string;
  /** What the key belongs to, for people. */
  readonly feature: string;
  /** What to do instead, when the key will not come. Absent: it is not there yet. */
  readonly instead?: string;
  /** Values that say what this version does anyway. */
  readonly accepted?: readonly string[];
}

const MODELS = "the model gateway";
const STATIC_BREAK_GLASS = "a grant that expires: run `aegisctl break-glass grant` when it is needed";

export const UNAVAILABLE_KEYS: readonly UnavailableKey[] = [
  { path: "server.read_timeout", feature: "whole-request time limits" },
  { path: "server.write_timeout", feature: "whole-response time limits" },
  { path: "server.cors", feature: "cross-origin access to the gateway" },
  { path: "admin.graphql", feature: "GraphQL" },
  { path: "admin.token", feature: "the admin token", instead: "an API key with role admin: add it under tenants" },
  { path: "tenants.*.rate_limit", feature: MODELS },
  { path: "tenants.*.allowed_models", feature: MODELS },
  { path: "tenants.*.transform", feature: MODELS },
  { path: "approval_integrations.github", feature: "reviews on GitHub" },
  { path: "approval_integrations.slack", feature: "reviews in Slack" },
  {
    path: "policies.governance_mode",
    feature: "permissive mode",
    instead: STATIC_BREAK_GLASS,
    accepted: ["governance"],
  },
  { path: "policies.break_glass", feature: "the static break-glass switch", instead: STATIC_BREAK_GLASS },
  { path: "policies.input", feature: "content policies" },
  { path: "policies.output", feature: "content policies" },
  { path: "providers", feature: MODELS },
  { path: "routes", feature: MODELS },
  { path: "rate_limit", feature: MODELS },
  { path: "aliases", feature: MODELS },
  { path: "transform", feature: MODELS },
  { path: "cache", feature: MODELS },
  { path: "load_shed", feature: MODELS },
  { path: "websocket", feature: MODELS },
  { path: "messages_api", feature: MODELS },
  { path: "budgets", feature: "budgets" },
  { path: "cost_optimization", feature: "cost suggestions" },
  { path: "analytics", feature: "analytics" },
  { path: "eval", feature: "evaluation of answers" },
  { path: "telemetry", feature: "telemetry" },
  { path: "webhook", feature: "webhooks" },
  { path: "database", feature: "the PostgreSQL store" },
  { path: "federation", feature: "federation" },
  { path: "credentials", feature: "the credential broker" },
  { path: "capability", feature: "capability tickets" },
  { path: "behavioral", feature: "session risk" },
  { path: "resilience", feature: "backups and retention" },
  { path: "shell_gate", feature: "the shell gate" },
  { path: "sql_gate", feature: "the SQL gate" },
  { path: "github_gate", feature: "the git gate" },
  { path: "http_gate", feature: "the HTTP gate" },
  { path: "sandbox", feature: "sandboxes" },
  { path: "resource_policies", feature: "resource policies" },
  { path: "manifests", feature: "task manifests" },
  { path: "identity", feature: "organizations" },
  { path: "supply_chain", feature: "signed assets" },
];

export interface UnavailableUse {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every use of an unavailable key in a parsed file, in the table's order. */
export function findUnavailable(root: unknown): UnavailableUse[] {
  return UNAVAILABLE_KEYS.flatMap((entry) =>
    matchingPaths(root, entry.path.split("."))
      .filter(({ value }) => asksForSomething(value, entry.accepted ?? []))
      .map(({ path }) => ({ path, message: unavailableMessage(entry, String(path.at(-1))) })),
  );
}

function unavailableMessage({ feature, instead }: UnavailableKey, key: string): string {
  if (instead !== undefined) return `\`${key}\` (${feature}) is not supported; use ${instead}, and remove the key`;
  return `\`${key}\` needs ${feature}, which this version does not have yet; remove the key and the file loads`;
}

interface Found {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

function matchingPaths(value: unknown, segments: readonly string[], path: readonly (string | number)[] = []): Found[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [{ path, value }];
  if (segment === "*") {
    return Array.isArray(value) ? value.flatMap((item, index) => matchingPaths(item, rest, [...path, index])) : [];
  }
  if (!isRecord(value) || !Object.hasOwn(value, segment)) return [];
  return matchingPaths(value[segment], rest, [...path, segment]);
}

function asksForSomething(value: unknown, accepted: readonly string[]): boolean {
  if (isRecord(value) && value["enabled"] === false) return false;
  if (typeof value === "string" && accepted.includes(value)) return false;
  return !isNothing(value);
}

/** Empty text, zero, false, nothing, or a collection of only such values. */
function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isRecord(value)) return Object.values(value).every(isNothing);
  return value === null || value === "" || value === 0 || value === false;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Which values of a configuration are secret, and the two things done with them: showing a copy without them, and
 * replacing them by digests before hashing. Whoever adds a secret key to the schema adds it here (a test checks names).
 */
import type { AegisConfig } from "./config-schema.ts";
import { formatKeyPath, type KeyPath } from "./key-path.ts";

/** Key paths; `*` stands for one list index or map key. */
export const SECRET_PATHS: readonly string[] = [
  "tenants.*.api_keys.*",
  "tenants.*.api_keys.*.key",
  "mcp_gateway.upstreams.*.env.*",
  "mcp_gateway.upstreams.*.headers.*",
  "mcp_gateway.upstreams.*.oauth.client_secret",
  "admin.token",
  "approval_integrations.github.token",
  "approval_integrations.slack.webhook_url",
  "providers.*.api_keys.*",
  "providers.*.api_keys.*.key",
  "providers.*.config.*",
  "rate_limit.redis.password",
  "cache.redis.password",
  "cache.semantic.api_key",
  "webhook.url",
  "webhook.secret",
  "eval.webhook.url",
  "database.conn_string",
  "federation.data_planes.*.token",
  "federation.control_plane.token",
  "credentials.providers.*.token",
  "credentials.providers.*.vault_token",
  "credentials.providers.*.aws_external_id",
  "capability.signing_key",
  "supply_chain.signing_key",
];

export const REDACTED = "[redacted]";

const SECRET_PATTERNS = SECRET_PATHS.map((path) => path.split("."));

/** Whether a text at this path must not be shown. Only texts are secret, never the map they stand in. */
export function isSecretPath(path: KeyPath): boolean {
  return SECRET_PATTERNS.some(
    (pattern) =>
      pattern.length === path.length && pattern.every((segment, index) => segment === "*" || segment === path[index]),
  );
}

/**
 * A copy that is safe to show: secrets become `[redacted]`, and what came from a variable is shown as it was written
 * (`${GITHUB_TOKEN}`). Also masks query strings of upstream URLs and arguments such as `--token=…`.
 */
export function redactConfig(config: AegisConfig, unexpanded: Readonly<Record<string, string>>): unknown {
  return mapTexts(config, [], (text, path, previous) => {
    const raw = unexpanded[formatKeyPath(path)];
    if (raw !== undefined) return raw;
    return isSecretPath(path) ? REDACTED : maskEmbedded(text, path, previous);
  });
}

/** A copy with every secret replaced by what `digest` makes of it; what the configuration hash is computed over. */
export function withSecretDigests(config: AegisConfig, digest: (secret: string) => string): unknown {
  return mapTexts(config, [], (text, path) => (isSecretPath(path) ? digest(text) : text));
}

type MapText = (text: string, path: KeyPath, previous: unknown) => string;

function mapTexts(value: unknown, path: KeyPath, map: MapText, previous?: unknown): unknown {
  if (typeof value === "string") return map(value, path, previous);
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, [...path, index], map, value[index - 1]));
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(present.map(([key, item]) => [key, mapTexts(item, [...path, key], map)]));
}

const SECRET_OPTION = /^(--?[\w-]*(?:token|secret|password|passwd|key)[\w-]*)(=.*)?$/is;

function maskEmbedded(text: string, path: KeyPath, previous: unknown): string {
  if (path[0] !== "mcp_gateway" || path[1] !== "upstreams") return text;
  if (path[3] === "url") return text.replace(/\?.*$/s, `?${REDACTED}`);
  if (path[3] !== "args") return text;
  const [, option, value] = SECRET_OPTION.exec(text) ?? [];
  if (option !== undefined && value !== undefined) return `${option}=${REDACTED}`;
  const [, before, attached] = (typeof previous === "string" && SECRET_OPTION.exec(previous)) || [];
  return before !== undefined && attached === undefined ? REDACTED : text;
}

/**
 * docs/reference/aegisflow.example.yaml: every available key with its description and default. It loads as it is.
 * What is only an example stands behind `#` without a space, so that removing those `#` gives a file that loads too.
 */
import { configJsonSchema, type JsonSchema } from "@aegisflow/core/config/config-json-schema";
import { stringify } from "yaml";
import { isUnavailable } from "./schema-text.ts";

/** Values for keys that have no default, and for lists that are empty by default. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  data_dir: "/var/lib/aegisflow",
  "admin.public_url": "https://aegis.example.com",
  "admin.allowed_hosts": ["aegis.example.com"],
  tenants: [
    {
      id: "team-a",
      name: "Team A",
      api_keys: [
        { key_env: "TEAM_A_AGENT_KEY", role: "agent", actor: "build-bot" },
        { key_env: "TEAM_A_REVIEWER_KEY", role: "operator", actor: "alice" },
      ],
    },
  ],
  "tool_policies.default_decision": "review",
  "tool_policies.rules": [
    {
      id: "no-main",
      protocol: "git",
      refs: ["main", "release/*"],
      decision: "block",
      suggestion: "push a branch and open a pull request",
    },
    { tool: "github.create_issue", args: { repo: "sandbox*" }, decision: "allow" },
    {
      effects: ["delete"],
      environment: "production",
      decision: "review",
      reason: "deletes in production need a person",
    },
  ],
  "tool_policies.rules_after": [{ protocol: "mcp", capability: "read", decision: "allow" }],
  "mcp_gateway.allowed_origins": ["https://app.example.com"],
  "mcp_gateway.allowed_hosts": ["mcp.example.com"],
  "mcp_gateway.result_policy.redact": ["secrets", "pii"],
  "mcp_gateway.targets": [
    { tool: "tracker.close_ticket", target: "{project}/{id}", target_kind: "name", capability: "write" },
    { tool: "files.move", target: "{source}", also: "{destination}", target_kind: "path", capability: "write" },
  ],
  "mcp_gateway.upstreams": [
    {
      name: "files",
      command: "npx",
      args: ["@modelcontextprotocol/server-filesystem", "/srv/work"],
      prefix: "fs.",
      tools: ["read_*", "list_*"],
    },
    {
      name: "github",
      url: "https://api.githubcopilot.com/mcp/",
      headers: { Authorization: "Bearer ${GITHUB_TOKEN}" },
      prefix: "github.",
      timeout: "30s",
    },
  ],
  "evidence.log_name": "acme.example/aegis/prod",
};

/** Keys that stand in the file as they are, so that it does something useful. */
const SET: Readonly<Record<string, unknown>> = { policy_packs: ["pr-writer"], "mcp_gateway.enabled": true };

export function exampleYaml(): string {
  const blocks = Object.entries(configJsonSchema().properties ?? {}).filter(
    ([, node]) => !isUnavailable(node) && node.description !== "Content policies.",
  );
  return `${HEAD}${blocks.map(([key, node]) => entry(key, node, key, 0)).join("\n")}`;
}

const HEAD = `# Every setting with its default. Lines behind a \`#\` without a space are examples.
# Made by \`npm run generate\` from the schema; what each key means in full: configuration.md.
# yaml-language-server: $schema=aegisflow.schema.json

`;

function entry(key: string, node: JsonSchema, path: string, depth: number): string {
  const comment = wrap(node.description ?? "", 110 - depth * 2).map((line) => `# ${line}`);
  return `${indent([...comment, ...lines(key, node, path)], depth)}\n`;
}

function lines(key: string, node: JsonSchema, path: string): string[] {
  if (path in SET) return yamlLines({ [key]: SET[path] });
  if (path in EXAMPLES) return commentedOut(yamlLines({ [key]: EXAMPLES[path] }));
  if (node.properties !== undefined) return section(key, node, path);
  if (node.default !== undefined) return yamlLines({ [key]: node.default });
  throw new Error(`the example has no value for \`${path}\`; add one to EXAMPLES`);
}

/** A block in which everything is an example is one itself: without its keys it would have no value. */
function section(key: string, node: JsonSchema, path: string): string[] {
  const children = Object.entries(node.properties ?? {}).filter(([, child]) => !isUnavailable(child));
  const below = children.flatMap(([name, child]) => entry(name, child, `${path}.${name}`, 1).trimEnd().split("\n"));
  if (children.some(([name]) => !(`${path}.${name}` in EXAMPLES))) return [`${key}:`, ...below];
  return commentedOut([`${key}:`, ...below.map((line) => line.replace(COMMENTED_OUT, "$1"))]);
}

/** `#key` and `#  - item`, but not `# words`. */
const COMMENTED_OUT = /^( *)#(?! \S|$)/;

function yamlLines(value: Readonly<Record<string, unknown>>): string[] {
  return stringify(value, { lineWidth: 0, flowCollectionPadding: false }).trimEnd().split("\n");
}

function commentedOut(text: readonly string[]): string[] {
  return text.map((line) => `#${line}`);
}

function indent(text: readonly string[], depth: number): string {
  return text.map((line) => `${"  ".repeat(depth)}${line}`).join("\n");
}

function wrap(text: string, width: number): string[] {
  const result: string[] = [];
  for (const word of text.split(" ")) {
    const last = result.at(-1);
    if (last !== undefined && last.length + word.length < width) result[result.length - 1] = `${last} ${word}`;
    else result.push(word);
  }
  return result;
}

/** The file with its examples switched on. */
export function withExamples(text: string): string {
  return text
    .split("\n")
    .map((line) => line.replace(COMMENTED_OUT, "$1"))
    .join("\n");
}

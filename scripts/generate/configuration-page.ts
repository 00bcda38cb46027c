/** docs/reference/configuration.md: every key of the configuration, from the schema. */
import { UNAVAILABLE_KEYS } from "@aegisflow/core/config/availability";
import { configJsonSchema, type JsonSchema } from "@aegisflow/core/config/config-json-schema";
import { type ConfigKey, isUnavailable, keysBelow, kindOf, meaningOf } from "./schema-text.ts";

export function configurationPage(): string {
  const schema = configJsonSchema();
  const blocks = Object.entries(schema.properties ?? {}).filter(([, node]) => !isUnavailable(node));
  const parts = [INTRODUCTION, ...blocks.map(([name, node]) => block(name, node)), unavailable()];
  return `${parts.map((part) => part.trim()).join("\n\n")}\n`;
}

function block(name: string, node: JsonSchema): string {
  const { fallback, text } = meaningOf(node);
  const heading = `## \`${name}\`\n\n${text}`;
  const keys = keysBelow(node).filter(({ node: key }) => !isUnavailable(key));
  if (keys.length === 0)
    return `${heading}\n\nValue: ${kindOf(node)}.${fallback === "" ? "" : ` Default: ${fallback}.`}`;
  return `${heading}\n\n| key | value | default | meaning |\n|---|---|---|---|\n${keys.map(row).join("\n")}`;
}

function row({ path, node, required }: ConfigKey): string {
  const { fallback, text } = meaningOf(node);
  const columns = [`\`${path.replace(/^\[\]\.?/, "")}\``, kindOf(node), required ? "required" : fallback, text];
  return `| ${columns.map(cell).join(" | ")} |`;
}

function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ")
    .replaceAll("<", "&lt;")
    .replaceAll(/`([^`]*)`/g, (span) => span.replaceAll("&lt;", "<"));
}

function unavailable(): string {
  const rows = UNAVAILABLE_KEYS.map(({ path, feature, instead }) => {
    const what = instead === undefined ? `${feature}: not in this version` : `not supported; use ${instead}`;
    return `| \`${path.replaceAll(".*", "[]")}\` | ${cell(what)} |`;
  });
  return `## Keys this version does not have

They are known by name. Using one is an error that says so; a block with \`enabled: false\`, or one that only holds
empty values, asks for nothing and loads.

| key | what it belongs to |
|---|---|
${rows.join("\n")}`;
}

const INTRODUCTION = `
# Configuration

<!-- Made by \`npm run generate\` from the schema in packages/core/src/config; edit the schema, not this page. -->

\`aegisflow --config aegisflow.yaml\` starts with a file, \`--check\` added validates it and exits 0 or 1. A commented
example is [aegisflow.example.yaml](aegisflow.example.yaml); editors complete and check keys with
[aegisflow.schema.json](aegisflow.schema.json).

- **Strict.** An unknown key, decision, protocol or glob, a key or id given twice, a number where a duration belongs: each
  is an error with file, line, column and what to do. Nothing is silently ignored.
- **Durations** are written with a unit: \`250ms\`, \`30s\`, \`5m\`, \`1h30m\`. Sizes are bytes.
- **Variables.** \`\${NAME}\` and \`\${NAME:-default}\` are filled in inside text values, after the YAML was read: a variable
  can never add a key. \`$\${\` stands for \`\${\` itself. A variable that is not set and has no default is an error.
- **Changes** of the file are applied while the server runs (and on SIGHUP). A file that is wrong is refused and the last
  good version stays in force. Every applied version has a number, is recorded in evidence before it is used, and can
  be applied again with \`aegisctl policy rollback\`. Listeners, folders and the log's own form need a restart; the server
  says so.
- **Hosts.** Everything listens on this machine only by default, and refuses to listen elsewhere while no tenant has an
  API key.
`;

/**
 * The text of a configuration file to a configuration, or to every problem in it with line, column and advice.
 * Never throws on any text. Order: YAML, variables, keys this version does not have, schema, `key_env`, packs.
 */
import { findUnavailable } from "./availability.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { type AegisConfig, configSchema } from "./config-schema.ts";
import { configWarnings } from "./config-warnings.ts";
import type { Environment } from "./expand-variables.ts";
import { type ConfigProblem, formatKeyPath, type KeyPath, valueAt } from "./key-path.ts";
import { readYaml, type YamlData } from "./read-yaml.ts";
import { resolveKeyVariables } from "./resolve-key-variables.ts";
import { toProblems } from "./schema-problems.ts";
import { similarName } from "./similar-name.ts";

export interface ParsedConfig {
  readonly kind: "config";
  readonly config: AegisConfig;
  /** Not wrong, but worth a line in the log. Same shape as errors. */
  readonly warnings: readonly ConfigProblem[];
  /** `file:line` of every rule, by key path such as `tool_policies.rules[3]`. */
  readonly sources: Readonly<Record<string, string>>;
  /** What was written where a variable stood, by key path; for showing a configuration without secrets. */
  readonly unexpanded: Readonly<Record<string, string>>;
}

export interface ConfigErrors {
  readonly kind: "errors";
  readonly errors: readonly ConfigProblem[];
}

export interface ParseConfigOptions {
  /** Names of the packs that exist; a name that is not among them is an error. Absent: not checked. */
  readonly packNames?: readonly string[];
}

/** Parses one file. `fileName` is only used in messages and sources. */
export function parseConfig(
  text: string,
  fileName: string,
  env: Environment,
  options: ParseConfigOptions = {},
): ParsedConfig | ConfigErrors {
  const yaml = readYaml(text, fileName, env);
  if (yaml.problems.length > 0) return { kind: "errors", errors: yaml.problems };
  const root = yaml.value ?? {};
  const unavailable = findUnavailable(root);
  const errors = unavailable.map(({ path, message }) => yaml.problemAt(path, message, true));
  const parsed = parseTyped(root, yaml);
  if (parsed.kind === "errors") {
    const others = parsed.errors.filter((problem) => !errors.some((known) => isBelow(problem.path, known.path)));
    return { kind: "errors", errors: inFileOrder([...errors, ...others]) };
  }
  const { config, unexpanded, problems } = resolveKeyVariables(parsed.config, env);
  errors.push(...problems.map(({ path, message }) => yaml.problemAt(path, message)));
  errors.push(...unknownPacks(config, yaml, options.packNames));
  if (errors.length > 0) return { kind: "errors", errors: inFileOrder(errors) };
  return {
    kind: "config",
    config,
    warnings: configWarnings(config, root).map(({ path, message }) => yaml.problemAt(path, message)),
    sources: ruleSources(config, yaml),
    unexpanded: { ...Object.fromEntries(yaml.unexpanded), ...unexpanded },
  };
}

type Typed = { readonly kind: "config"; readonly config: AegisConfig } | ConfigErrors;

/** `port: ${PORT}` is a text until the schema asks for a number or a switch there; then it is read as one. */
function parseTyped(root: unknown, yaml: YamlData): Typed {
  const first = configSchema.safeParse(root);
  if (first.success) return { kind: "config", config: first.data };
  const typed = structuredClone(root);
  const replaced = first.error.issues.filter(
    (issue) => issue.code === "invalid_type" && retype(typed, issue.path.map(toSegment), yaml),
  );
  const second = replaced.length === 0 ? first : configSchema.safeParse(typed);
  if (second.success) return { kind: "config", config: second.data };
  return { kind: "errors", errors: toProblems(second.error, yaml, typed, configJsonSchema()) };
}

function toSegment(segment: PropertyKey): string | number {
  return typeof segment === "symbol" ? String(segment) : segment;
}

/** Turns an expanded text into the number or boolean it spells, in place. */
function retype(root: unknown, path: KeyPath, yaml: YamlData): boolean {
  const text = valueAt(root, path);
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof text !== "string" || typeof parent !== "object" || parent === null || last === undefined) return false;
  if (!yaml.unexpanded.has(formatKeyPath(path))) return false;
  const value = spelled(text);
  return value !== undefined && Reflect.set(parent, last, value);
}

function spelled(text: string): number | boolean | undefined {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

/** What is wrong inside a block that must go anyway is not worth saying. */
function isBelow(path: string, block: string): boolean {
  return path === block || path.startsWith(`${block}.`) || path.startsWith(`${block}[`);
}

function unknownPacks(
  { policy_packs }: AegisConfig,
  yaml: YamlData,
  known: readonly string[] | undefined,
): ConfigProblem[] {
  if (known === undefined) return [];
  return policy_packs.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const similar = similarName(name, known);
    const advice = similar === undefined ? `the packs are ${known.join(", ")}` : `did you mean \`${similar}\`?`;
    return [yaml.problemAt(["policy_packs", index], `there is no pack \`${name}\`; ${advice}`)];
  });
}

function ruleSources({ tool_policies }: AegisConfig, yaml: YamlData): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const list of ["rules", "rules_after"] as const) {
    for (const index of tool_policies[list].keys()) {
      const { file, line, path } = yaml.problemAt(["tool_policies", list, index], "");
      sources[path] = `${file}:${line}`;
    }
  }
  return sources;
}

function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * The text of a policy pack, in either shape, to its rules with their places, or to every problem in it.
 * Variables are not expanded: a pack means the same everywhere. Never throws on any text.
 */
import { type JsonSchema, packJsonSchemas } from "./config-json-schema.ts";
import type { LoadedPack } from "./effective-policy.ts";
import { type ConfigProblem, valueAt } from "./key-path.ts";
import type { ConfigErrors } from "./parse-config.ts";
import { type PolicyPack, packNameSchema, policyPackSchema, starterKitPackSchema } from "./policy-schema.ts";
import { readYaml, type YamlData } from "./read-yaml.ts";
import { toProblems } from "./schema-problems.ts";

export type ParsedPack = ({ readonly kind: "pack" } & LoadedPack) | ConfigErrors;

/** @param fileName used in messages and sources; a starter-kit pack takes its name from it. */
export function parsePolicyPack(text: string, fileName: string): ParsedPack {
  const yaml = readYaml(text, fileName, undefined);
  if (yaml.problems.length > 0) return { kind: "errors", errors: yaml.problems };
  const root = yaml.value ?? {};
  const { plain, starterKit } = packJsonSchemas();
  return valueAt(root, ["tool_policies"]) === undefined
    ? parsePlain(root, yaml, plain)
    : parseStarterKit(root, yaml, fileName, starterKit);
}

function parsePlain(root: unknown, yaml: YamlData, jsonSchema: JsonSchema): ParsedPack {
  const parsed = policyPackSchema.safeParse(root);
  if (!parsed.success) return { kind: "errors", errors: toProblems(parsed.error, yaml, root, jsonSchema) };
  return loaded(parsed.data, yaml, ["rules"]);
}

function parseStarterKit(root: unknown, yaml: YamlData, fileName: string, jsonSchema: JsonSchema): ParsedPack {
  const name = packNameSchema.safeParse(baseName(fileName));
  const parsed = starterKitPackSchema.safeParse(root);
  const errors: ConfigProblem[] = parsed.success ? [] : toProblems(parsed.error, yaml, root, jsonSchema);
  if (!name.success)
    errors.unshift(yaml.problemAt([], "the file's name is the pack's name; use lower-case letters, digits and dashes"));
  if (!parsed.success || !name.success) return { kind: "errors", errors };
  const { default_decision, rules } = parsed.data.tool_policies;
  return loaded({ name: name.data, description: "", default_decision, rules }, yaml, ["tool_policies", "rules"]);
}

function loaded(pack: PolicyPack, yaml: YamlData, path: readonly string[]): ParsedPack {
  const ruleSources = pack.rules.map((_, index) => {
    const { file, line } = yaml.problemAt([...path, index], "");
    return `${file}:${line}`;
  });
  return { kind: "pack", pack, ruleSources };
}

function baseName(fileName: string): string {
  return (fileName.split(/[/\\]/).at(-1) ?? "").replace(/\.ya?ml$/i, "");
}

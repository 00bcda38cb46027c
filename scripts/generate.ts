/**
 * `npm run generate`: writes the files that are made from others: the reference pages from the code, the embedded
 * packs from policy-packs. `--check` writes nothing and ends with status 1 when a file is not what it would be made today.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configJsonSchema } from "@aegisflow/core/config/config-json-schema";
import { builtInPackCases, builtInPackRules, builtInPackTexts } from "./generate/built-in-packs.ts";
import { configurationPage } from "./generate/configuration-page.ts";
import { exampleYaml } from "./generate/example-yaml.ts";
import { openApi } from "./generate/openapi.ts";
import { roleMatrix } from "./generate/role-matrix.ts";

export interface GeneratedFile {
  readonly path: string;
  /** @param root the repository. */
  readonly make: (root: string) => string;
}

export const GENERATED_FILES: readonly GeneratedFile[] = [
  { path: "packages/core/src/policy/generated/built-in-pack-texts.ts", make: builtInPackTexts },
  { path: "packages/core/src/policy/generated/built-in-packs.ts", make: builtInPackRules },
  { path: "packages/core/src/policy/generated/built-in-pack-cases.ts", make: builtInPackCases },
  { path: "docs/reference/configuration.md", make: configurationPage },
  { path: "docs/reference/aegisflow.schema.json", make: configJsonSchemaFile },
  { path: "docs/reference/aegisflow.example.yaml", make: exampleYaml },
  { path: "docs/reference/admin-openapi.json", make: openApi },
  { path: "docs/reference/role-matrix.md", make: roleMatrix },
];

function configJsonSchemaFile(): string {
  const head = { $schema: "https://json-schema.org/draft/2020-12/schema", title: "AegisFlow configuration" };
  return `${JSON.stringify({ ...head, ...configJsonSchema() }, undefined, 2)}\n`;
}

/** Paths of files below `root` that differ from what the code makes. */
export function staleFiles(root: string): string[] {
  return GENERATED_FILES.filter(({ path, make }) => {
    const file = join(root, path);
    return !existsSync(file) || readFileSync(file, "utf8") !== make(root);
  }).map(({ path }) => path);
}

function main(root: string, isCheck: boolean): number {
  const stale = staleFiles(root);
  if (isCheck) {
    for (const path of stale) console.error(`${path} is not what the code makes; run npm run generate and commit it`);
    console.log(`generated files: ${GENERATED_FILES.length - stale.length} of ${GENERATED_FILES.length} up to date`);
    return stale.length === 0 ? 0 : 1;
  }
  for (const { path, make } of GENERATED_FILES.filter((file) => stale.includes(file.path))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), make(root));
    console.log(`wrote ${path}`);
  }
  return 0;
}

if (import.meta.main) process.exit(main(join(import.meta.dirname, ".."), process.argv.includes("--check")));

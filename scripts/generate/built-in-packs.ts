/**
 * The shipped policy packs as modules, so that a single binary holds them: already parsed, because a start must not
 * spend its time on YAML, and as texts, for showing them; their cases as texts, for `aegisctl policy test`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedPack } from "@aegisflow/core/config/effective-policy";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { parsePolicyPack } from "@aegisflow/core/config/parse-policy-pack";

const HEAD = "/** Made by `npm run generate` from policy-packs; edit the packs, not this file. */\n";

interface PackFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** @param root the repository; packs are `policy-packs/<name>.yaml`, their cases `<name>.cases.yaml`. */
function packFiles(root: string, named = /^[a-z0-9-]+\.yaml$/): PackFile[] {
  const folder = join(root, "policy-packs");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => named.test(file)) : [];
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return { name: file.replace(/(?:\.cases)?\.yaml$/, ""), path: `policy-packs/${file}`, text };
  });
}

export function builtInPackTexts(root: string): string {
  const entries = packFiles(root).map(({ name, text }) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`);
  return `${HEAD}export const BUILT_IN_PACK_TEXTS: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
}

export function builtInPackCases(root: string): string {
  const files = packFiles(root, /^[a-z0-9-]+\.cases\.yaml$/);
  const entries = files.map(({ name, text }) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`);
  return `${HEAD}export const BUILT_IN_PACK_CASES: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
}

export function builtInPackRules(root: string): string {
  const entries = packFiles(root).map((file) => `  ${JSON.stringify(file.name)}: ${JSON.stringify(parsed(file))},\n`);
  return `${HEAD}import type { LoadedPack } from "../../config/effective-policy.ts";

export const BUILT_IN_PACKS: Readonly<Record<string, LoadedPack>> = {
${entries.join("")}};
`;
}

/** @throws when the pack does not load, or does not bear its file's name. */
function parsed({ name, path, text }: PackFile): LoadedPack {
  const result = parsePolicyPack(text, path);
  if (result.kind === "errors") throw new Error(result.errors.map(formatProblem).join("\n"));
  if (result.pack.name !== name)
    throw new Error(`${path}: the pack is named \`${result.pack.name}\`; name it like its file`);
  return { pack: result.pack, ruleSources: result.ruleSources };
}

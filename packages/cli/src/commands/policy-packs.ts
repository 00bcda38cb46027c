/** aegisctl policy-pack: the packs that ship with this program, or those of a folder. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { LoadedPack } from "@aegisflow/core/config/effective-policy";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { parsePolicyPack } from "@aegisflow/core/config/parse-policy-pack";
import { printYaml } from "@aegisflow/core/config/print-config";
import { AegisError, errorText } from "@aegisflow/core/errors";
import { createBuiltInPacks } from "@aegisflow/core/policy/built-in-packs";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { escapeInvisible } from "../output/terminal-text.ts";

export function addPolicyPackCommands(program: Command, io: CliIo): void {
  const packs = program.command("policy-pack").description("list and show policy packs");
  addList(packs, io);
  addShow(packs, io);
}

interface PackOptions {
  readonly dir?: string;
  readonly json?: true;
}

function addList(packs: Command, io: CliIo): void {
  packs
    .command("list")
    .description("list the packs a configuration may name in policy_packs")
    .option("--dir <folder>", "packs of this folder instead of those that ship with the program")
    .option("--json", "print JSON")
    .action(({ dir, json }: PackOptions) => {
      const source = openPacks(io, dir);
      const listed = source.names.map((name) => source.load(name).pack);
      if (json)
        return printJson(
          io,
          listed.map(({ rules, ...pack }) => ({ ...pack, rules: rules.length })),
        );
      const rows = listed.map((pack) => [
        pack.name,
        String(pack.rules.length),
        pack.default_decision,
        pack.description,
      ]);
      io.stdout(renderTable(["NAME", "RULES", "DEFAULT", "DESCRIPTION"], rows));
    });
}

function addShow(packs: Command, io: CliIo): void {
  packs
    .command("show")
    .description("print a pack with its rules")
    .argument("<name>")
    .option("--dir <folder>", "packs of this folder instead of those that ship with the program")
    .option("--json", "print JSON")
    .action((name: string, { dir, json }: PackOptions) => {
      const { pack } = openPacks(io, dir).load(name);
      if (json) return printJson(io, pack);
      io.stdout(escapeInvisible(printYaml(pack)));
    });
}

interface Packs {
  readonly names: readonly string[];
  /** @throws AegisError when there is no such pack, or when it does not load. */
  load(name: string): LoadedPack;
}

function openPacks(io: CliIo, dir: string | undefined): Packs {
  return dir === undefined ? createBuiltInPacks() : packsIn(resolve(io.cwd, dir), dir);
}

function packsIn(folder: string, shown: string): Packs {
  const names = filesIn(folder, shown)
    .filter((file) => /\.ya?ml$/.test(file) && !/\.cases\.ya?ml$/.test(file))
    .sort();
  return {
    names: names.map((file) => basename(file).replace(/\.ya?ml$/, "")),
    load(name) {
      const file = names.find((each) => each.replace(/\.ya?ml$/, "") === name);
      if (file === undefined)
        throw new AegisError(
          "not-found",
          `\`${shown}\` has no pack \`${name}\`; see aegisctl policy-pack list --dir ${shown}`,
        );
      const parsed = parsePolicyPack(readFileSync(join(folder, file), "utf8"), join(shown, file));
      if (parsed.kind === "pack") return parsed;
      throw new AegisError("config-invalid", parsed.errors.map(formatProblem).join("; "));
    },
  };
}

function filesIn(folder: string, shown: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new AegisError("invalid-input", `\`${shown}\` cannot be read: ${errorText(cause)}`, { cause });
  }
}

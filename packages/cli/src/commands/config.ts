/** aegisctl config: check a file without a server, or show what a server has in force, without its secrets. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { parseConfig } from "@aegisflow/core/config/parse-config";
import { printYaml } from "@aegisflow/core/config/print-config";
import { AegisError, errorText } from "@aegisflow/core/errors";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";
import { escapeInvisible } from "../output/terminal-text.ts";
import { toShortTime } from "../output/times.ts";

export function addConfigCommands(program: Command, io: CliIo): void {
  const config = program.command("config").description("check a configuration file, or show the one in force");
  addCheck(config, io);
  addShow(config, io);
}

function addCheck(config: Command, io: CliIo): void {
  config
    .command("check")
    .description("report every error in a configuration file, without a server; exit status 1 when there is one")
    .argument("<file>")
    .option("--json", "print JSON")
    .action((file: string, { json }: { json?: true }) => {
      const parsed = parseConfig(readText(io, file), file, io.env);
      const errors = parsed.kind === "errors" ? parsed.errors : [];
      const warnings = parsed.kind === "errors" ? [] : parsed.warnings;
      if (errors.length > 0) io.exit(1);
      if (json) return printJson(io, { valid: errors.length === 0, errors, warnings });
      for (const error of errors) io.stdout(escapeInvisible(`${formatProblem(error)}\n`));
      for (const warning of warnings) io.stdout(escapeInvisible(`warning: ${formatProblem(warning)}\n`));
      if (errors.length === 0) io.stdout(escapeInvisible(`${file} is valid\n`));
    });
}

function readText(io: CliIo, file: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), "utf8");
  } catch (cause) {
    throw new AegisError("invalid-input", `\`${file}\` cannot be read: ${errorText(cause)}`, { cause });
  }
}

function addShow(config: Command, io: CliIo): void {
  config
    .command("show")
    .description("show the configuration in force, without its secrets")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const view = await connectAdmin(io).call("config.get");
      if (json) return printJson(io, view);
      const head = renderFields([
        ["Version", `${view.version}, applied ${toShortTime(view.applied_at)}`],
        ["File", view.file ?? "none, built-in"],
        ["Hash", view.hash],
        ...(view.last_error === undefined ? [] : [["Last error", view.last_error] satisfies [string, string]]),
      ]);
      io.stdout(`${head}\n${escapeInvisible(printYaml(view.config))}`);
    });
}

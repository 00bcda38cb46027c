/**
 * The frame of aegisctl: finds the command, loads only its module, runs it, and turns whatever it throws into one
 * line on standard error and an exit status. Commands print their result; they never call process.exit.
 */
import { versionLine } from "@aegisflow/core/version";
import type { Command, CommanderError } from "commander";
import type { CliIo } from "./cli-io.ts";
import { COMMANDS } from "./command-table.ts";
import { toOneLine } from "./output/terminal-text.ts";

export async function runAegisctl(argv: readonly string[], io: CliIo): Promise<void> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V" || argv[0] === "version")) {
    io.stdout(`${versionLine("aegisctl")}\n`);
    return;
  }
  try {
    const program = await createProgram(argv[0], io);
    await program.parseAsync(argv.length === 0 ? ["--help"] : argv, { from: "user" });
  } catch (error) {
    reportError(error, io);
  }
}

async function createProgram(noun: string | undefined, io: CliIo): Promise<Command> {
  const { Command } = await import("commander");
  const program = new Command("aegisctl")
    .description("Operate AegisFlow: answer reviews, check evidence, test policies.")
    .version(versionLine("aegisctl"))
    .addHelpText("after", ENVIRONMENT_HELP)
    .showHelpAfterError("(aegisctl help COMMAND shows what it takes)");
  // Inherited by every command made below.
  program.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  for (const [name, entry] of Object.entries(COMMANDS)) {
    if (name === noun || noun === "help") (await entry.load())(program, io);
    else program.command(name).description(entry.summary);
  }
  return program;
}

function reportError(error: unknown, io: CliIo): void {
  if (isCommanderError(error)) {
    // commander has printed the help, the version or the complaint already
    io.exit(error.exitCode === 0 ? 0 : 1);
    return;
  }
  io.stderr(`aegisctl: ${toOneLine(error instanceof Error ? error.message : String(error))}\n`);
  io.exit(1);
}

function isCommanderError(error: unknown): error is CommanderError {
  return (
    error instanceof Error && "exitCode" in error && "code" in error && String(error.code).startsWith("commander.")
  );
}

const ENVIRONMENT_HELP = `
Environment:
  AEGISFLOW_API_KEY      key of the person at the keyboard; without it only offline commands work
  AEGISFLOW_ADMIN_URL    admin API, default http://127.0.0.1:8081
  AEGISFLOW_GATEWAY_URL  gateway, default http://127.0.0.1:8080
  AEGISFLOW_MCP_URL      MCP endpoint, default http://127.0.0.1:8082/mcp

Exit status: 0 ok, 1 error, 2 verification failed.`;

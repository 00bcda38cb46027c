/**
 * Every command of aegisctl with the module that registers it. Only the module of the command that was asked for is
 * loaded, so that `aegisctl --version` and completion stay quick; `aegisctl help` loads them all.
 */
import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** Registers one command, with its subcommands, on the program. */
export type AddCommands = (program: Command, io: CliIo) => void;

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<AddCommands>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {};

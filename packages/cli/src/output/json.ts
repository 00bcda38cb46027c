/** JSON for `--json`: what a script reads, safe also when it lands in a terminal. */
import type { CliIo } from "../cli-io.ts";
import { escapeInvisible } from "./terminal-text.ts";

export function printJson(io: CliIo, value: unknown): void {
  // JSON.stringify escapes C0 controls only; the rest is escaped here, and stays the same JSON value.
  io.stdout(`${escapeInvisible(JSON.stringify(value, null, 2))}\n`);
}

/** One object on one line, for streams. */
export function printJsonLine(io: CliIo, value: unknown): void {
  io.stdout(`${escapeInvisible(JSON.stringify(value))}\n`);
}

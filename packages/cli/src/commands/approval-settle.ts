/** aegisctl approve and deny: a person's answer to one exact action. The reviewer is whoever the key belongs to. */
import { AegisError } from "@aegisflow/core/errors";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { toOneLine } from "../output/terminal-text.ts";

interface SettleOptions {
  readonly comment?: string;
  readonly reason?: string;
  readonly json?: true;
}

export function addApproveCommand(program: Command, io: CliIo): void {
  addSettleCommand(program, io, { verb: "approve", route: "approvals.approve", done: "Approved" });
}

export function addDenyCommand(program: Command, io: CliIo): void {
  addSettleCommand(program, io, { verb: "deny", route: "approvals.deny", done: "Denied" });
}

interface Settling {
  readonly verb: "approve" | "deny";
  readonly route: "approvals.approve" | "approvals.deny";
  readonly done: string;
}

function addSettleCommand(program: Command, io: CliIo, { verb, route, done }: Settling): void {
  program
    .command(verb)
    .description(`${verb} one action; the comment goes into evidence`)
    .argument("<id>", "approval id, from aegisctl pending")
    .argument("[comment...]", "comment, as words")
    .option("--comment <text>", "comment")
    .option("--reason <text>", "the same as --comment")
    .option("--json", "print JSON")
    .action(async (id: string, words: string[], options: SettleOptions) => {
      const body = { comment: commentOf(words, options) };
      const item = await connectAdmin(io).call(route, { params: { id }, body });
      if (options.json) return printJson(io, item);
      io.stdout(`${done}: ${toOneLine(item.id)}\n`);
    });
}

/** @throws AegisError `invalid-input` when it is given in two ways: one of them would be lost. */
function commentOf(words: readonly string[], { comment, reason }: SettleOptions): string {
  const given = [words.length === 0 ? undefined : words.join(" "), comment, reason].filter(
    (text) => text !== undefined,
  );
  if (given.length > 1)
    throw new AegisError("invalid-input", "give the comment once: as words, with --comment or with --reason");
  return given[0] ?? "";
}

/**
 * aegisctl evidence checkpoint: the newest signed checkpoint, to be kept by somebody else.
 * aegisctl evidence trust-policy: the log's key as a trust policy, to be handed to verifiers once, by a trusted way.
 */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { writePrivateFile } from "../output/write-file.ts";

interface OutputOptions {
  readonly file: string;
  readonly force?: true;
  readonly json?: true;
}

export function addEvidenceCheckpoint(evidence: Command, io: CliIo): void {
  withOutput(evidence.command("checkpoint").description("print the newest signed checkpoint of the whole log")).action(
    async (options: OutputOptions) => {
      const checkpoint = await connectAdmin(io).call("evidence.checkpoint");
      if (options.json) return printJson(io, checkpoint);
      write(io, checkpoint.note, options, `Checkpoint at ${checkpoint.size} records`);
    },
  );
}

export function addEvidenceTrustPolicy(evidence: Command, io: CliIo): void {
  withOutput(
    evidence.command("trust-policy").description("print the log's key as a trust policy for evidence verify"),
  ).action(async (options: OutputOptions) => {
    const { origin, vkey } = await connectAdmin(io).call("evidence.checkpoint");
    if (options.json) return printJson(io, { origin, vkey });
    write(
      io,
      `# Whom a verifier of ${toOneLine(origin)} trusts.\nlog ${vkey}\nquorum none\n`,
      options,
      `Trust policy for ${origin}`,
    );
  });
}

function withOutput(command: Command): Command {
  return command
    .option("--file <file>", "file to write, - for standard output", "-")
    .option("--force", "write over a file that exists")
    .option("--json", "print JSON");
}

function write(io: CliIo, text: string, { file, force }: OutputOptions, what: string): void {
  writePrivateFile(io, text, { file, force: force === true });
  if (file !== "-") io.stdout(`${toOneLine(`${what} is in ${file}`)}\n`);
}

/** aegisctl evidence verify: checks a bundle offline, by the code a stranger runs; needs no server and no key. */

import { resolve } from "node:path";
import { runVerifyCli } from "@aegisflow/evidence/verify-cli";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";

export interface VerifyFileOptions {
  readonly policy?: string;
  readonly require?: string;
  readonly report?: string;
  readonly legacyKey?: string;
  readonly json?: true;
}

export function addEvidenceVerify(evidence: Command, io: CliIo): void {
  addVerifyFileOptions(
    evidence
      .command("verify")
      .description("verify a bundle offline; exit status 2 when a verdict fails")
      .argument("<file>", "the bundle"),
  ).action((file: string, options: VerifyFileOptions) => verifyFile(io, file, options));
}

export function addVerifyFileOptions(command: Command): Command {
  return command
    .option("--policy <file>", "trust policy: whom you believe; without it nobody vouches for the checkpoint")
    .option("--require <verdicts>", "verdicts that must be PASS: consistent,complete,existed-at,paired or all")
    .option("--report <format>", "print a session report: md or html")
    .option("--legacy-key <file>", "signing key of the earlier product, for its bundles")
    .option("--json", "print JSON");
}

export async function verifyFile(io: CliIo, file: string, options: VerifyFileOptions): Promise<void> {
  const withValue = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value]);
  const path = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : resolve(io.cwd, value);
  const { status, stdout, stderr } = await runVerifyCli([
    ...withValue("--policy", path(options.policy)),
    ...withValue("--require", options.require),
    ...withValue("--report", options.report),
    ...withValue("--legacy-key", path(options.legacyKey)),
    ...(options.json === true ? ["--json"] : []),
    "--",
    resolve(io.cwd, file),
  ]);
  io.stdout(stdout);
  io.stderr(stderr.replace(/^aegisflow-verify: /, "aegisctl: "));
  io.exit(status);
}

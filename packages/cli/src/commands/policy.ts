/** aegisctl policy: tests, lints, compares and explains policies; and the versions that a server applied. */
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { addWhyCommand } from "./action-why.ts";
import { addPolicyDiff } from "./policy-diff.ts";
import { addPolicyLint } from "./policy-lint.ts";
import { addPolicySimulate } from "./policy-simulate.ts";
import { addPolicyTest } from "./policy-test.ts";
import { addPolicyVersionCommands } from "./policy-versions.ts";

export function addPolicyCommands(program: Command, io: CliIo): void {
  const policy = program.command("policy").description("test, lint, diff, why, simulate, history, current, rollback");
  addPolicyTest(policy, io);
  addPolicyLint(policy, io);
  addPolicyDiff(policy, io);
  addWhyCommand(policy, io);
  addPolicySimulate(policy, io);
  addPolicyVersionCommands(policy, io);
}

/** aegisctl policy test, lint, diff, simulate, why: what a policy says, before and after it is in force. */
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { addWhyCommand } from "./action-why.ts";
import { addPolicyDiff } from "./policy-diff.ts";
import { addPolicyLint } from "./policy-lint.ts";
import { addPolicySimulate } from "./policy-simulate.ts";
import { addPolicyTest } from "./policy-test.ts";

/** @param policy the `policy` command. */
export function addPolicyCommands(policy: Command, io: CliIo): void {
  addPolicyTest(policy, io);
  addPolicyLint(policy, io);
  addPolicyDiff(policy, io);
  addPolicySimulate(policy, io);
  addWhyCommand(policy, io);
}

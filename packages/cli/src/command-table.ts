/**
 * Every command of aegisctl with the module that registers it. Only the module of the command that was asked for is
 * loaded, so that `aegisctl --version` stays quick; `aegisctl help NAME` loads them all.
 */
import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** Registers one command, with its subcommands, on the program. */
export type AddCommands = (program: Command, io: CliIo) => void;

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<AddCommands>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  status: {
    summary: "show whether everything is up and sound",
    load: async () => (await import("./commands/status.ts")).addStatusCommand,
  },
  whoami: {
    summary: "show whose key this is",
    load: async () => (await import("./commands/whoami.ts")).addWhoamiCommand,
  },
  pending: {
    summary: "list the actions that wait for a person",
    load: async () => (await import("./commands/approval-pending.ts")).addPendingCommand,
  },
  approve: {
    summary: "approve one action, once",
    load: async () => (await import("./commands/approval-settle.ts")).addApproveCommand,
  },
  deny: {
    summary: "deny one action",
    load: async () => (await import("./commands/approval-settle.ts")).addDenyCommand,
  },
  watch: {
    summary: "show what starts to wait and how it is settled, until Ctrl-C",
    load: async () => (await import("./commands/approval-watch.ts")).addWatchCommand,
  },
  approvals: {
    summary: "look at settled approvals: history, show, cancel",
    load: async () => (await import("./commands/approvals.ts")).addApprovalsCommands,
  },
  why: {
    summary: "show why a recent action was decided as it was",
    load: async () => (await import("./commands/action-why.ts")).addWhyCommand,
  },
  "test-action": {
    summary: "show what an action would be decided to be",
    load: async () => (await import("./commands/action-test.ts")).addTestActionCommand,
  },
  simulate: {
    summary: "show the decision an action would get, by the server or offline",
    load: async () => (await import("./commands/policy-simulate.ts")).addPolicySimulate,
  },
  "diff-policy": {
    summary: "show the actions that two policies decide differently",
    load: async () => (await import("./commands/policy-diff.ts")).addDiffPolicyCommand,
  },
  policy: {
    summary: "test, lint, diff, why, simulate, history, current, rollback",
    load: async () => (await import("./commands/policy.ts")).addPolicyCommands,
  },
  "policy-pack": {
    summary: "list and show policy packs",
    load: async () => (await import("./commands/policy-packs.ts")).addPolicyPackCommands,
  },
  verify: {
    summary: "verify a bundle offline, or have the server verify what it holds",
    load: async () => (await import("./commands/verify.ts")).addVerifyCommand,
  },
  evidence: {
    summary: "sessions, records, export, verify, report, redact, checkpoint, trust-policy",
    load: async () => (await import("./commands/evidence.ts")).addEvidenceCommands,
  },
  config: {
    summary: "check a configuration file, or show the one in force",
    load: async () => (await import("./commands/config.ts")).addConfigCommands,
  },
  keys: {
    summary: "list, create, rotate and revoke API keys",
    load: async () => (await import("./commands/keys.ts")).addKeysCommands,
  },
  tools: {
    summary: "look at remembered tool definitions and accept changed ones",
    load: async () => (await import("./commands/tools.ts")).addToolsCommands,
  },
  mcp: {
    summary: "speak MCP on standard input and output, through the gateway",
    load: async () => (await import("./commands/mcp.ts")).addMcpCommand,
  },
  "break-glass": {
    summary: "let failing engines be skipped for a while, on the record",
    load: async () => (await import("./commands/break-glass.ts")).addBreakGlassCommands,
  },
};

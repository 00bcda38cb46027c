/**
 * Completes a draft that is known only by protocol, tool and target (test-action, simulate, policy cases, simple
 * gates): what kind of text the target is, and for shell commands what they would do.
 */
import type { ActionDraft, Capability, TargetKind } from "@aegisflow/core";
import { type DescribeOptions, describeCommand } from "./describe-command.ts";
import { FILE_COMMANDS } from "./file-command-table.ts";

export type TargetDescription = Pick<ActionDraft, "effects" | "target_kind" | "requested_capability">;

/** Parts of a draft that say what it is about. */
export type TargetSource = Pick<ActionDraft, "protocol" | "tool" | "target" | "parameters"> & {
  /** As stated by the caller; a shell command's own capability is always computed. */
  readonly requested_capability?: Capability | undefined;
};

export function describeTarget(source: TargetSource, options: DescribeOptions = {}): TargetDescription {
  if (source.protocol === "shell") {
    const { effects, capability } = describeCommand(commandText(source), options);
    return { effects, target_kind: "command", requested_capability: effects.length === 0 ? "execute" : capability };
  }
  return {
    effects: [],
    target_kind: targetKind(source),
    requested_capability: statedCapability(source) ?? capabilityOf(source),
  };
}

/** `execute` is what is assumed when nothing was said, so the tool's name may say more. */
function statedCapability({ requested_capability }: TargetSource): Capability | undefined {
  return requested_capability === "execute" ? undefined : requested_capability;
}

/**
 * The command line that the draft means. The target may be the whole line (`git push`), the program's words after
 * its name (`push --force`), or a path that it works on (`/app/.env` of `shell.cat`).
 */
export function commandText({ tool, target, parameters }: TargetSource): string {
  const fromParameters = ["command", "cmd", "script"]
    .map((key) => parameters[key])
    .find((value) => typeof value === "string");
  const text = target === "" || target === tool ? (fromParameters ?? target) : target;
  const program = tool.replace(/^shell\./, "");
  if (ENTRANCES.has(program) || startsWithProgram(text, program)) return text;
  const isPath = (!/\s/.test(text) || text.startsWith("/")) && !/[;&|<>$`(]/.test(text);
  return isPath ? `${quote(program)} ${firstOperand(program)}${quote(text)}` : `${quote(program)} ${text}`;
}

/** Programs whose first operand is no file get one, so that the path counts as the file. */
function firstOperand(program: string): string {
  if (program === "sed" || program === "gsed") return "p ";
  if (/^[gmn]?awk$/.test(program)) return "1 ";
  const role = FILE_COMMANDS.get(program)?.role;
  if (role === "pattern") return "x ";
  return role === "mode" ? "0 " : "";
}

const ENTRANCES: ReadonlySet<string> = new Set([
  "exec",
  "run",
  "execute",
  "command",
  "bash",
  "sh",
  "zsh",
  "shell",
  "terminal",
  "",
]);

/** Whether the program stands somewhere as a command: first, or after a wrapper or an operator. */
function startsWithProgram(text: string, program: string): boolean {
  const escaped = program.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:^|[\\s;&|(/])${escaped}(?:\\s|$|[;&|)])`).test(text);
}

function quote(word: string): string {
  if (/^~?[\w@%+=:,./*?-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function targetKind({ protocol, tool, target }: TargetSource): TargetKind {
  if (protocol === "sql") return /\s/.test(target) ? "sql" : "name";
  if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(target)) return "url";
  if (protocol === "http") return "text";
  if (/^(?:fs|filesystem|file|files)[._]/.test(tool) || /^(?:[~.]{0,2}\/|[A-Za-z]:\\)/.test(target)) return "path";
  // File tools of a forge, asked about by the file and not by the repository.
  if (/(?:^|[._])files?(?:_contents)?$/.test(tool) && /\.\w{1,10}$/.test(target)) return "path";
  if (protocol === "git" && /[./]/.test(target) && !/^[\w.-]+\/[\w.-]+$/.test(target)) return "path";
  if (/^[\w.-]+\/[\w.-]+$/.test(target)) return /\.\w{1,5}$/.test(target) && protocol !== "mcp" ? "path" : "repo";
  return /\s/.test(target) ? "text" : "name";
}

const VERBS: readonly (readonly [RegExp, Capability])[] = [
  [/^(?:delete|remove|drop|truncate|destroy|purge|unlink|rm)(?:_|$)/, "delete"],
  [/^(?:merge|deploy|push|publish|release|force)(?:_|$)/, "deploy"],
  [
    /^(?:get|list|search|read|select|fetch|find|show|describe|view|head|options|count|status|diff|log|directory|query|explain)(?:_|$)/,
    "read",
  ],
  [
    /^(?:create|update|write|insert|add|edit|set|move|copy|alter|grant|revoke|put|post|patch|commit|comment|upload|rename|append|assign|fork|merge|mark|star|reply|send)(?:_|$)/,
    "write",
  ],
  [/^(?:approve)(?:_|$)/, "approve"],
];

/** What a tool's name says it does; `execute` when it says nothing. */
export function capabilityOf({ tool }: Pick<TargetSource, "tool">): Capability {
  const operation = tool.slice(tool.lastIndexOf(".") + 1).toLowerCase();
  return VERBS.find(([verb]) => verb.test(operation))?.[1] ?? "execute";
}

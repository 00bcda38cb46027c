/** Commands that change the shell itself: folder, variables, functions, and those that run text or files in it. */
import { normalizePath } from "@aegisflow/core/policy/normalize-target";
import { describeFileCommand } from "./describe-file-command.ts";
import { checkAssignment } from "./environment-variables.ts";
import { type Field, isStreamFile } from "./field.ts";
import { FILE_COMMANDS } from "./file-command-table.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { forgetEverything, forgetPositional } from "./shell-state.ts";

export const BUILTINS: ReadonlyMap<string, CommandHandler> = new Map([
  ["cd", changeFolder],
  ["pushd", changeFolder],
  ["popd", leaveFolder],
  ["eval", evaluate],
  ["source", sourceFile],
  [".", sourceFile],
  ["trap", setTrap],
  ["alias", setAlias],
  ["read", assignNames],
  ["mapfile", assignNames],
  ["readarray", assignNames],
  ["unset", assignNames],
  ["export", declareVariables],
  ["declare", declareVariables],
  ["typeset", declareVariables],
  ["local", declareVariables],
  ["readonly", declareVariables],
  ["set", setOptions],
  ["shift", shiftParameters],
  ["printf", printText],
  ["getopts", assignNames],
  ["let", assignNames],
  ["wait", assignNames],
  ["enable", (invocation: Invocation) => invocation.emitUnknown("`enable` loads code into the shell")],
  ["fc", (invocation: Invocation) => invocation.emitUnknown("`fc` runs commands from the history")],
]);

/** Changes nothing outside of the shell. */
function emitNothing(invocation: Invocation): void {
  invocation.emit({ kind: "read", capability: "read" });
}

function changeFolder(invocation: Invocation): void {
  emitNothing(invocation);
  const operands = invocation.args.filter(({ text }) => text === "-" || !/^[-+]/.test(text));
  const [to, ...more] = operands;
  const { state } = invocation;
  if (more.length > 0 || (to !== undefined && (to.dynamic !== false || to.glob || to.text === "-")))
    state.cwd = undefined;
  else if (to === undefined) state.cwd = invocation.name === "cd" ? "~" : undefined;
  else state.cwd = folderAfter(state.cwd, to);
}

function folderAfter(cwd: string | undefined, to: Field): string | undefined {
  if (to.text.startsWith("/") || to.tilde) return normalizePath(to.text);
  if (cwd === undefined) return undefined;
  const joined = normalizePath(cwd === "" ? to.text : `${cwd}/${to.text}`);
  return joined === "." ? "" : joined;
}

function leaveFolder(invocation: Invocation): void {
  emitNothing(invocation);
  invocation.state.cwd = undefined;
}

function evaluate(invocation: Invocation): void {
  if (invocation.args.length === 0) emitNothing(invocation);
  if (!hasDynamic(invocation.args)) {
    invocation.runScript(invocation.args.map(({ text }) => text).join(" "), "same");
    return;
  }
  invocation.emitUnknown("`eval` runs text that is not known");
  forgetEverything(invocation.state);
}

function sourceFile(invocation: Invocation): void {
  const [file] = invocation.args;
  invocation.emit({ kind: "exec", capability: "execute", paths: file === undefined ? [] : [file] });
  if (hasDynamic(invocation.args) || (file !== undefined && isStreamFile(file))) {
    invocation.emitUnknown("which file is run in the shell is not known");
  }
  forgetEverything(invocation.state);
}

function setTrap(invocation: Invocation): void {
  const [action] = invocation.args.filter(({ text }) => !text.startsWith("-"));
  if (action === undefined || action.text === "") emitNothing(invocation);
  else if (action.dynamic !== false) invocation.emitUnknown("`trap` runs text that is not known");
  else invocation.runScript(action.text, "sub");
}

/** An alias gives a known name another meaning. */
function setAlias(invocation: Invocation): void {
  if (invocation.args.some(({ text }) => text.includes("=")))
    invocation.emitUnknown("`alias` changes what later commands mean");
  else emitNothing(invocation);
}

/** What they set is not known. */
function assignNames(invocation: Invocation): void {
  emitNothing(invocation);
  for (const { text } of invocation.args) {
    for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) invocation.state.vars.set(name, undefined);
  }
  if (invocation.args.some(({ text }) => /^-[A-Za-z]*C/.test(text)) && invocation.name !== "read") {
    invocation.emitUnknown("`mapfile -C` runs text for every line");
  }
}

/** Assignments arrive as `NAME=value` words here; those written as assignments are handled with the command's own. */
function declareVariables(invocation: Invocation): void {
  const prints = invocation.args.length === 0 || invocation.args.some(({ text }) => /^-\w*p/.test(text));
  invocation.emit({ kind: "read", capability: "read", flags: prints ? ["environment"] : [] });
  if (invocation.args.some(({ text }) => /^-\w*n/.test(text)))
    invocation.emitUnknown("a name reference hides which variable is meant");
  for (const field of invocation.args) {
    const assignment = /^([A-Za-z_]\w*)\+?=(.*)$/s.exec(field.text);
    if (assignment === null) continue;
    const [, name = "", value = ""] = assignment;
    const known = field.dynamic === false && !field.text.includes("+=");
    invocation.state.vars.set(name, known ? value : undefined);
    const reason = checkAssignment(name, known ? value : undefined);
    if (reason !== undefined) invocation.emitUnknown(reason);
  }
}

function setOptions(invocation: Invocation): void {
  invocation.emit({ kind: "read", capability: "read", flags: invocation.args.length === 0 ? ["environment"] : [] });
  // `set -- a b` and `set a b` replace the positional parameters.
  if (invocation.args.some(({ text }) => text === "--" || !/^[-+]/.test(text))) forgetPositional(invocation.state);
}

function shiftParameters(invocation: Invocation): void {
  emitNothing(invocation);
  forgetPositional(invocation.state);
}

/** `printf -v NAME` sets a variable instead of printing. */
function printText(invocation: Invocation): void {
  const table = FILE_COMMANDS.get("printf");
  if (table !== undefined) describeFileCommand(invocation, table);
  if (invocation.args.some(({ text }) => text.startsWith("-v"))) assignNames(invocation);
}

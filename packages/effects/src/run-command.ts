/**
 * One simple command: wrappers are looked through (`sudo env nice xargs …`), then the program's own table or handler
 * says what it does. A program nobody knows is an `exec`; a name nobody can know is `unknown`.
 */

import { ARITHMETIC_COMMANDS, checkArithmetic } from "./arithmetic-text.ts";
import { describeFileCommand, plainWord } from "./describe-file-command.ts";
import { describeToolCommand } from "./describe-tool-command.ts";
import { type EffectCollector, NESTING_MAX } from "./effect-collector.ts";
import type { Field, Stdin } from "./field.ts";
import { FILE_COMMANDS } from "./file-command-table.ts";
import { describeFind } from "./find-command.ts";
import { describeGit } from "./git-command.ts";
import { INTERPRETERS } from "./interpreters.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { NETWORK_COMMANDS } from "./network-commands.ts";
import { emitSecretArguments } from "./secret-arguments.ts";
import { BUILTINS } from "./shell-builtins.ts";
import type { ShellState } from "./shell-state.ts";
import { SYSTEM_COMMANDS } from "./system-commands.ts";
import { TEXT_PROGRAMS } from "./text-programs.ts";
import { TOOL_TABLES } from "./tool-command-table.ts";
import { WRAPPERS } from "./wrappers.ts";

export interface CommandRun {
  readonly words: readonly Field[];
  readonly stdin: Stdin;
  readonly state: ShellState;
  /** How many wrappers stand around it. */
  readonly wrapped?: number;
}

export interface CommandRunner {
  readonly collector: EffectCollector;
  /** Describes shell text in a state of its own or in the given one. */
  readonly runScript: (text: string, state: ShellState, scope: "same" | "sub", positional?: readonly Field[]) => void;
  /** Calls a function of the script; false when there is none of that name. */
  readonly callFunction: (name: string, args: readonly Field[], run: CommandRun) => boolean;
}

export function runCommand(runner: CommandRunner, run: CommandRun): void {
  const [first, ...args] = run.words;
  if (first === undefined) return;
  const argv = run.words.map((word) => word.text);
  if (!runner.collector.countCommand(argv)) return;
  if ((run.wrapped ?? 0) > NESTING_MAX) {
    runner.collector.emitUnknown(`is wrapped more than ${NESTING_MAX} times`, "shell.exec", argv);
    return;
  }
  if (first.dynamic !== false || first.glob) {
    runner.collector.emitUnknown(`which command \`${first.text}\` runs is not known`, "shell.exec", argv);
    return;
  }
  if (runner.callFunction(first.text, args, run)) return;
  const invocation = createInvocation(runner, run, programName(first.text), args);
  const hidden = ARITHMETIC_COMMANDS.has(invocation.name) ? args.map(({ text }) => checkArithmetic(text)) : [];
  for (const reason of hidden) if (reason !== undefined) invocation.emitUnknown(reason);
  handlerFor(first.text, invocation.name)(invocation);
}

/** A program by path counts as the one of that name only in the folders where programs live. */
function handlerFor(written: string, name: string): CommandHandler {
  if (written.includes("/") && !PROGRAM_FOLDERS.test(written))
    return (invocation) => describeProgram(invocation, written);
  const handler = HANDLERS.get(name);
  if (handler !== undefined) return handler;
  const files = FILE_COMMANDS.get(name);
  if (files !== undefined) return (invocation) => describeFileCommand(invocation, files);
  const tool = TOOL_TABLES.get(name);
  if (tool !== undefined) return (invocation) => describeToolCommand(invocation, tool);
  return (invocation) => describeProgram(invocation);
}

const PROGRAM_FOLDERS = /^(?:\/usr(?:\/local)?)?\/s?bin\/[^/]+$|^\/opt\/homebrew\/s?bin\/[^/]+$/;

const HANDLERS: ReadonlyMap<string, CommandHandler> = new Map([
  ...BUILTINS,
  ...WRAPPERS,
  ...INTERPRETERS,
  ...TEXT_PROGRAMS,
  ...NETWORK_COMMANDS,
  ...SYSTEM_COMMANDS,
  ["find", describeFind],
  ["git", describeGit],
]);

/** `\rm`, `/bin/rm` and `rm` are one program, and so is `RM` where file names have no case. */
function programName(text: string): string {
  const name = text.slice(text.lastIndexOf("/") + 1);
  const lower = name.toLowerCase();
  return isKnown(name) || !isKnown(lower) ? name : lower;
}

function isKnown(name: string): boolean {
  return HANDLERS.has(name) || FILE_COMMANDS.has(name) || TOOL_TABLES.has(name);
}

function createInvocation(runner: CommandRunner, run: CommandRun, name: string, args: readonly Field[]): Invocation {
  const tool = `shell.${name === "" ? "exec" : name}`;
  const words = [name, ...args.map(plainWord)];
  return {
    name,
    args,
    stdin: run.stdin,
    state: run.state,
    emit: (statement) => runner.collector.emit({ tool, argv: words, cwd: run.state.cwd, ...statement }),
    emitUnknown: (reason) => runner.collector.emitUnknown(reason, tool, words),
    runWords: (inner, stdin = { kind: "inherited" }) =>
      runCommand(runner, { words: inner, stdin, state: run.state, wrapped: (run.wrapped ?? 0) + 1 }),
    runScript: (text, scope, positional) => runner.runScript(text, run.state, scope, positional),
  };
}

/** A program without a table: it runs, and secrets that it is handed are secrets that it gets. */
function describeProgram(invocation: Invocation, path?: string): void {
  const { args } = invocation;
  const program: Field[] =
    path === undefined ? [] : [{ text: path, dynamic: false, glob: false, tilde: path.startsWith("~") }];
  invocation.emit({ kind: "exec", capability: "execute", paths: program, content: false });
  emitSecretArguments(invocation);
  if (hasDynamic(args)) invocation.emitUnknown(`\`${invocation.name}\` gets a value that is not known`);
  if (invocation.stdin.kind === "text" && isShellLike(invocation.name))
    invocation.emitUnknown("text is fed to a shell");
}

function isShellLike(name: string): boolean {
  return name.endsWith("sh");
}

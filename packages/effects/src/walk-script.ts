/**
 * Walks a parsed script the way a shell would run it, keeping what is known about variables, folders and functions.
 * Both branches of a choice are taken, loops forget what they change, and every nested command is seen wherever the
 * grammar allows one.
 */
import {
  type AndOr,
  forEachChild,
  type ParsedScript,
  type Pipeline,
  parse,
  type Statement,
  type SyntaxNode,
  type Word,
} from "unbash";
import { checkArithmetic } from "./arithmetic-text.ts";
import { assignedNames } from "./assigned-names.ts";
import { describeSimpleCommand } from "./describe-simple-command.ts";
import { type EffectCollector, NESTING_MAX } from "./effect-collector.ts";
import { expandWord, storedValue } from "./expand-word.ts";
import type { Field, Stdin } from "./field.ts";
import { isForkBomb, leavesScript } from "./node-questions.ts";
import { outputOf } from "./pipe-output.ts";
import { applyRedirects } from "./redirections.ts";
import type { CommandRun, CommandRunner } from "./run-command.ts";
import { copyState, mergeInto, type ShellState, withPositional } from "./shell-state.ts";

const INHERITED: Stdin = { kind: "inherited" };

export interface Walker extends CommandRunner {
  readonly collector: EffectCollector;
  readonly walk: (node: SyntaxNode, state: ShellState, stdin: Stdin) => void;
  /** Walks the script of a substitution, one level deeper. */
  readonly enter: (script: ParsedScript, state: ShellState) => void;
}

/** Parses and walks a text; what does not parse is unknown, and what could be read of it still counts. */
export function walkText(collector: EffectCollector, text: string, state: ShellState, nesting: number): void {
  if (nesting > NESTING_MAX) {
    collector.emitUnknown(`is nested more than ${NESTING_MAX} levels deep`, "shell.exec", []);
    return;
  }
  const script = parse(text);
  walkScript(createWalker(collector, nesting), script, state);
  if (hasUnreadRest(script, text)) collector.emitUnknown("cannot be parsed to its end", "shell.exec", []);
}

/** The tolerant parser may drop a last token; bodies of here-documents stand behind the last statement too. */
function hasUnreadRest(script: ParsedScript, text: string): boolean {
  const end = script.commands.at(-1)?.end ?? 0;
  const rest = text.slice(end).replace(/(?:^|\s)#[^\n]*/g, "");
  return !text.includes("<<") && /[^\s;&\\]/.test(rest);
}

function createWalker(collector: EffectCollector, nesting: number): Walker {
  const walker: Walker = {
    collector,
    walk: (node, state, stdin) => walkNode(walker, node, state, stdin),
    runScript(text, state, scope, positional) {
      const own = positional === undefined ? copyState(state) : withPositional(state, positional);
      const inner = scope === "same" ? state : own;
      walkText(collector, text, inner, nesting + 1);
    },
    callFunction: (name, args, run) => callFunction(walker, name, args, run),
    enter(script, state) {
      if (nesting + 1 > NESTING_MAX)
        collector.emitUnknown(`is nested more than ${NESTING_MAX} levels deep`, "shell.exec", []);
      else walkScript(createWalker(collector, nesting + 1), script, copyState(state));
    },
  };
  return walker;
}

function walkScript(walker: Walker, script: ParsedScript, state: ShellState): void {
  const [error] = script.errors ?? [];
  for (const statement of script.commands) walkStatement(walker, statement, state, INHERITED);
  if (error !== undefined) walker.collector.emitUnknown(`cannot be parsed: ${error.message}`, "shell.exec", []);
}

function walkStatement(walker: Walker, statement: Statement, state: ShellState, stdin: Stdin): void {
  // A background job is a subshell: it changes nothing here.
  walker.walk(statement.command, statement.background === true ? copyState(state) : state, stdin);
}

function walkNode(walker: Walker, node: SyntaxNode, state: ShellState, stdin: Stdin): void {
  if (!walker.collector.spend(NESTED.has(node.type) ? node.end - node.pos : 0)) return;
  switch (node.type) {
    case "Script":
      walker.enter(node, state);
      return;
    case "Statement":
      walkStatement(walker, node, state, stdin);
      return;
    case "Command":
      describeSimpleCommand(walker, node, state, stdin);
      return;
    case "Pipeline":
      walkPipeline(walker, node, state, stdin);
      return;
    case "AndOr":
      walkAndOr(walker, node, state, stdin);
      return;
    case "If": {
      walker.walk(node.clause, state, stdin);
      const bodies: (readonly SyntaxNode[])[] = [
        [node.then],
        ...node.elif.map((branch) => [branch.clause, branch.then]),
        node.else === undefined ? [] : [node.else],
      ];
      walkBranches(walker, bodies, state, stdin);
      return;
    }
    case "Case":
      walker.walk(node.word, state, stdin);
      for (const item of node.items) for (const pattern of item.pattern) walker.walk(pattern, state, stdin);
      walkBranches(walker, [[], ...node.items.map((item) => [item.body])], state, stdin);
      return;
    case "For":
    case "Select":
      walkFor(walker, node, state, stdin);
      return;
    case "While":
    case "ArithmeticFor":
      walkLoop(walker, node, state, stdin);
      return;
    case "Function":
      // The body counts where the function is called.
      state.functions.set(node.name.value, node);
      return;
    case "Subshell":
    case "Coproc":
      forEachChild(node, (child) => walker.walk(child, copyState(state), stdin));
      return;
    case "Redirected":
      walker.walk(node.command, state, applyRedirects(walker, node.redirects, state, stdin));
      return;
    case "TestBinary":
    case "TestUnary":
      checkTestText(walker, node.type === "TestBinary" ? [node.left, node.right] : [node.operand]);
      forEachChild(node, (child) => walker.walk(child, state, stdin));
      return;
    case "ArithmeticExpansion":
    case "ArithmeticCommand":
    case "ParameterExpansion":
      forgetAssigned(node, state);
      forEachChild(node, (child) => walker.walk(child, state, stdin));
      return;
    default:
      forEachChild(node, (child) => walker.walk(child, state, stdin));
  }
}

function checkTestText(walker: Walker, words: readonly Word[]): void {
  for (const { text, value } of words) {
    const reason = text === value ? undefined : checkArithmetic(value);
    if (reason !== undefined) walker.collector.emitUnknown(reason, "shell.test", [value]);
  }
}

/** Nodes whose inside is parsed when it is looked at. */
const NESTED: ReadonlySet<SyntaxNode["type"]> = new Set([
  "CommandExpansion",
  "ProcessSubstitution",
  "ArithmeticExpansion",
  "ArithmeticCommandExpansion",
  "ParameterExpansion",
]);

function walkPipeline(walker: Walker, node: Pipeline, state: ShellState, stdin: Stdin): void {
  const [only] = node.commands;
  if (node.commands.length === 1 && only !== undefined) {
    walker.walk(only, state, stdin);
    return;
  }
  let input = stdin;
  for (const command of node.commands) {
    const inner = copyState(state);
    walker.walk(command, inner, input);
    input = outputOf(command, state, input);
  }
}

/** After `a && x=1` it is not known whether `x` was set; within the chain it is. */
function walkAndOr(walker: Walker, node: AndOr, state: ShellState, stdin: Stdin): void {
  const [first, ...rest] = node.commands;
  if (first === undefined) return;
  walker.walk(first, state, stdin);
  const before = copyState(state);
  const chain = copyState(state);
  for (const [index, command] of rest.entries()) {
    const alternative = node.operators[index] === "||";
    const scope = alternative ? copyState(chain) : chain;
    walker.walk(command, scope, stdin);
    if (alternative && !leavesScript(command)) mergeInto(chain, [copyState(chain), scope]);
  }
  // A `cd` that fails usually ends the chain: what follows is taken to run where the chain got to.
  const folder = chain.cwd;
  mergeInto(state, [before, chain]);
  state.cwd = folder;
}

function walkBranches(
  walker: Walker,
  bodies: readonly (readonly SyntaxNode[])[],
  state: ShellState,
  stdin: Stdin,
): void {
  const branches = bodies.map((nodes) => {
    const inner = copyState(state);
    for (const node of nodes) walker.walk(node, inner, stdin);
    return inner;
  });
  mergeInto(state, branches);
}

/** Each round may see what an earlier round set. */
function walkLoop(walker: Walker, node: SyntaxNode, state: ShellState, stdin: Stdin): void {
  forgetAssigned(node, state);
  forEachChild(node, (child) => walker.walk(child, state, stdin));
  forgetAssigned(node, state);
}

function forgetAssigned(node: SyntaxNode, state: ShellState): void {
  const assigned = assignedNames(node, state.functions);
  if (assigned === "anything") {
    for (const name of state.vars.keys()) state.vars.set(name, undefined);
    state.cwd = undefined;
    return;
  }
  for (const name of assigned.names) state.vars.set(name, undefined);
  if (assigned.folder) state.cwd = undefined;
}

type ForNode = Extract<SyntaxNode, { readonly type: "For" | "Select" }>;

/** Rounds walked with the value known; a longer list is walked once with the value not known. */
const KNOWN_ROUNDS_MAX = 16;

function walkFor(walker: Walker, node: ForNode, state: ShellState, stdin: Stdin): void {
  const name = node.name.value;
  for (const word of node.wordlist ?? []) forEachChild(word, (child) => walker.walk(child, state, stdin));
  const fields = (node.wordlist ?? []).flatMap((word) => expandWord(word, state));
  forgetAssigned(node.body, state);
  const known =
    node.type === "For" &&
    node.wordlist !== undefined &&
    fields.length <= KNOWN_ROUNDS_MAX &&
    fields.every((field) => field.dynamic === false);
  for (const field of known ? fields : [undefined]) {
    const round = copyState(state);
    if (field === undefined) round.vars.set(name, undefined);
    else round.vars.set(name, storedValue(field));
    walker.walk(node.body, round, stdin);
  }
  state.vars.set(name, undefined);
  forgetAssigned(node.body, state);
}

/** Walks the body with the arguments of this call; a call of itself from within is a recursion. */
function callFunction(walker: Walker, name: string, args: readonly Field[], run: CommandRun): boolean {
  const definition = run.state.functions.get(name);
  if (definition === undefined) return false;
  if (run.state.calling.includes(name)) {
    emitRecursion(walker, name, definition, run);
    return true;
  }
  if (run.state.calling.length >= NESTING_MAX) {
    walker.collector.emitUnknown(`is nested more than ${NESTING_MAX} levels deep`, "shell.exec", []);
    return true;
  }
  const inner = withPositional(run.state, args, [...run.state.calling, name]);
  walker.walk(definition.body, inner, run.stdin);
  mergeInto(run.state, [inner]);
  return true;
}

function emitRecursion(walker: Walker, name: string, definition: SyntaxNode, run: CommandRun): void {
  const tool = `shell.${name}`;
  const argv = run.words.map((word) => word.text);
  if (!isForkBomb(definition, name)) walker.collector.emitUnknown(`the function \`${name}\` calls itself`, tool, argv);
  else
    walker.collector.emit({
      kind: "process",
      capability: "delete",
      operation: "shell.fork_bomb",
      tool,
      argv,
      flags: ["fork-bomb"],
      cwd: run.state.cwd,
    });
}

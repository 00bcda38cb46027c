/** A simple command of the grammar: substitutions inside it, assignments, redirections, then its words. */
import { type Assignment, type Command, forEachChild, type SyntaxNode, type Word } from "unbash";
import { checkArithmetic } from "./arithmetic-text.ts";
import { checkAssignment } from "./environment-variables.ts";
import { expandToText, expandWord, storedValue } from "./expand-word.ts";
import { dynamicField, type Field, type Stdin } from "./field.ts";
import { applyRedirects } from "./redirections.ts";
import { runCommand } from "./run-command.ts";
import type { ShellState } from "./shell-state.ts";
import type { Walker } from "./walk-script.ts";

export function describeSimpleCommand(walker: Walker, node: Command, state: ShellState, stdin: Stdin): void {
  walkNested(walker, [node.name, ...node.args], state);
  const assignments = node.prefix.filter((part) => part.type === "Assignment");
  walkNested(walker, assignments, state);
  const words = [
    ...(node.name === undefined ? [] : expandWord(node.name, state)),
    ...node.args.flatMap((word) => toFields(word, state)),
  ];
  for (const assignment of assignments) assign(walker, assignment, state, words[0]?.text);
  const input = applyRedirects(walker, node.redirects, state, stdin);
  if (words.length > 0) runCommand(walker, { words, stdin: input, state });
  else if (node.name !== undefined)
    walker.collector.emitUnknown("a command whose name is not known", "shell.exec", [node.name.text]);
}

function walkNested(walker: Walker, nodes: readonly (SyntaxNode | undefined)[], state: ShellState): void {
  for (const node of nodes) {
    if (node === undefined || (node.type === "Word" && node.parts === undefined)) continue;
    forEachChild(node, (child) => walker.walk(child, state, { kind: "inherited" }));
  }
}

function toFields(word: Word | Assignment, state: ShellState): Field[] {
  if (word.type === "Word") return expandWord(word, state);
  // `export NAME=value`: the value is not split.
  if (word.value.type === "ArrayValue" || word.index !== undefined) return [dynamicField(word.text, "quoted")];
  const value = expandToText(word.value, state);
  const text = `${word.name}${word.append === true ? "+" : ""}=${storedValue(value) ?? value.text}`;
  return [{ ...value, text, tilde: false, glob: false }];
}

/** An assignment alone sets the variable; before a command it is only in that command's environment. */
function assign(walker: Walker, node: Assignment, state: ShellState, command: string | undefined): void {
  const isText = node.value.type === "Word" && node.index === undefined && node.append !== true;
  const field = node.value.type === "Word" ? expandToText(node.value, state) : undefined;
  const known = isText && field !== undefined && !field.glob ? storedValue(field) : undefined;
  // `IFS= read -r line` splits nothing but the line it reads.
  const splitsInput = node.name === "IFS" && /^(?:read|mapfile|readarray)$/.test(command ?? "");
  const reason = splitsInput ? undefined : (checkAssignment(node.name, known) ?? checkArithmetic(known));
  if (reason !== undefined) walker.collector.emitUnknown(reason, "shell.assign", [node.text]);
  if (command === undefined) state.vars.set(node.name, known);
  // Before some built-ins the assignment stays in some shells, so a value known till now is not known any more.
  else if (state.vars.has(node.name)) state.vars.set(node.name, undefined);
}

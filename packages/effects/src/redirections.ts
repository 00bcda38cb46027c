/** What redirections read and write, and where a command's standard input then comes from. */
import { forEachChild, type HereDoc, type Redirect, type Redirection } from "unbash";
import { expandToText } from "./expand-word.ts";
import type { Field, Stdin } from "./field.ts";
import type { ShellState } from "./shell-state.ts";
import type { Walker } from "./walk-script.ts";

const TOOL = "shell.redirect";

/** States the effects and gives the standard input; substitutions inside are walked too. */
export function applyRedirects(
  walker: Walker,
  redirects: readonly Redirection[],
  state: ShellState,
  stdin: Stdin,
): Stdin {
  let input = stdin;
  for (const redirect of redirects) {
    forEachChild(redirect, (child) => walker.walk(child, state, stdin));
    if (redirect.type === "HereDoc") input = isStdin(redirect) ? hereDocument(redirect) : input;
    else if (redirect.type === "HereString")
      input = redirect.target === undefined ? input : textOf(expandToText(redirect.target, state));
    else input = applyFile(walker, redirect, state, input);
  }
  return input;
}

function isStdin(redirect: Redirection): boolean {
  const { descriptor } = redirect;
  return descriptor === undefined || (descriptor.type === "FileDescriptor" && descriptor.value === 0);
}

function hereDocument(node: HereDoc): Stdin {
  const plain = node.body.parts === undefined || node.body.parts.every((part) => part.type === "Literal");
  if (node.delimiter?.quoted === true) return { kind: "text", text: node.body.text };
  return plain ? { kind: "text", text: node.body.text } : { kind: "data" };
}

function textOf(field: Field): Stdin {
  return field.dynamic === false && !field.glob ? { kind: "text", text: field.text } : { kind: "data" };
}

function applyFile(walker: Walker, redirect: Redirect, state: ShellState, stdin: Stdin): Stdin {
  if (redirect.target === undefined) return stdin;
  const field = expandToText(redirect.target, state);
  const { operator } = redirect;
  const copiesDescriptor = (operator === ">&" || operator === "<&") && /^(?:\d+-?|-)$/.test(field.text);
  if (copiesDescriptor) return stdin;
  const argv = [operator, field.text];
  if (field.dynamic !== false)
    walker.collector.emitUnknown("which file is redirected to or from is not known", TOOL, argv);
  const socket = /^\/dev\/(?:tcp|udp)\/([^/]+)\//.exec(field.text);
  const reads = operator === "<" || operator === "<&" || operator === "<>";
  if (socket?.[1] !== undefined) {
    walker.collector.emit({
      kind: "network",
      capability: "execute",
      operation: TOOL,
      tool: TOOL,
      argv,
      hosts: [socket[1]],
      flags: ["sends"],
      cwd: state.cwd,
    });
  } else {
    if (reads)
      walker.collector.emit({
        kind: "read",
        capability: "read",
        operation: TOOL,
        tool: TOOL,
        argv,
        paths: [field],
        cwd: state.cwd,
      });
    if (!reads || operator === "<>") emitWrite(walker, field, argv, state);
  }
  return reads && isStdin(redirect) ? { kind: "data" } : stdin;
}

function emitWrite(walker: Walker, field: Field, argv: readonly string[], state: ShellState): void {
  if (/^\/dev\/(?:null|stdout|stderr|tty|zero|full|fd\/\d+)$/.test(field.text)) return;
  walker.collector.emit({
    kind: "write",
    capability: "write",
    operation: TOOL,
    tool: TOOL,
    argv,
    paths: [field],
    cwd: state.cwd,
  });
}

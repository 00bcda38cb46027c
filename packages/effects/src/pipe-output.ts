/** What one command of a pipeline hands to the next: text that is known, names of files, or data. */
import type { Command, CommandNode } from "unbash";
import { expandWord } from "./expand-word.ts";
import type { Field, Stdin } from "./field.ts";
import { filesBelow, nameTests } from "./find-command.ts";
import type { ShellState } from "./shell-state.ts";

const DATA: Stdin = { kind: "data" };

/** Programs that print a part of their lines as they are. */
const PASSING = new Set(["sort", "uniq", "head", "tail", "grep", "egrep", "fgrep", "rg", "tac", "shuf"]);

export function outputOf(node: CommandNode, state: ShellState, input: Stdin): Stdin {
  if (node.type !== "Command" || node.name === undefined) return DATA;
  const fields = [
    ...expandWord(node.name, state),
    ...node.args.flatMap((word) => (word.type === "Word" ? expandWord(word, state) : [])),
  ];
  const [name, ...args] = fields;
  const plain = node.redirects.every(
    (redirect) => redirect.type !== "Redirect" || redirect.operator === "<" || redirect.descriptor !== undefined,
  );
  if (name === undefined || !plain || fields.some((field) => field.dynamic !== false)) return DATA;
  if (name.text === "echo" || name.text === "printf") return printed(name.text, args);
  if (name.text === "cat" && args.length === 0) return hereText(node) ?? input;
  if (PASSING.has(name.text) && input.kind === "names") return input;
  return namesFrom(name.text, args);
}

function printed(name: string, args: readonly Field[]): Stdin {
  if (args.some((field) => field.glob)) return DATA;
  const words = args.map(({ text }) => text);
  if (name === "echo") {
    const [first, ...rest] = words;
    if (first !== undefined && /^-[neE]+$/.test(first))
      return first.includes("e") ? DATA : { kind: "text", text: rest.join(" ") };
    return { kind: "text", text: words.join(" ") };
  }
  const [format = "", ...values] = words;
  if (/^%s(?:\\n|\\0)?$/.test(format)) return { kind: "text", text: values.join("\n") };
  return /[%\\]/.test(format) ? DATA : { kind: "text", text: format };
}

function hereText(node: Command): Stdin | undefined {
  const document = node.redirects.find((redirect) => redirect.type === "HereDoc");
  if (document?.type !== "HereDoc") return undefined;
  const literal =
    document.delimiter?.quoted === true ||
    document.body.parts === undefined ||
    document.body.parts.every((part) => part.type === "Literal");
  return literal ? { kind: "text", text: document.body.text } : DATA;
}

/** Listers print names of files below their folders. */
function namesFrom(name: string, args: readonly Field[]): Stdin {
  const words = args.map(({ text }) => text);
  const operands = args.filter(({ text }) => !text.startsWith("-"));
  const here: Field = { text: ".", dynamic: false, glob: true, tilde: false };
  const below = (roots: readonly Field[]): Stdin => ({
    kind: "names",
    names: filesBelow(roots.length === 0 ? [here] : roots),
  });
  switch (name) {
    case "find": {
      const acts = words.some(
        (word) => /^-(?:exec|ok|delete|f?print[f0]?$|fls)/.test(word) && word !== "-print" && word !== "-print0",
      );
      const end = words.findIndex((word) => /^[-(!]/.test(word));
      const roots = args.slice(0, end < 0 ? args.length : end);
      if (acts) return DATA;
      return { kind: "names", names: filesBelow(roots.length === 0 ? [here] : roots, nameTests(args)) };
    }
    case "ls":
      return below(operands);
    case "fd":
    case "fdfind":
      return words.some((word) => /^-[xX]|^--exec/.test(word)) ? DATA : below(operands.slice(1));
    case "git":
      return words[0] === "ls-files" || (words[0] === "diff" && words.includes("--name-only")) ? below([]) : DATA;
    case "rg":
    case "grep":
    case "egrep":
      return words.some((word) => /^-\w*l|^--files(?:-with-matches)?$|^--files-without-match$/.test(word))
        ? below(operands.slice(words.includes("--files") ? 0 : 1))
        : DATA;
    default:
      return DATA;
  }
}

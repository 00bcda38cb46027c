/**
 * Words to fields, as bash would expand them, as far as that can be known without running anything: quotes, escapes,
 * `~`, variables with known values, positional parameters, braces. What cannot be known is marked, never guessed.
 */
import type { DoubleQuotedChild, Word, WordPart } from "unbash";
import { expandBraces } from "./expand-braces.ts";
import type { Field } from "./field.ts";
import type { ShellState } from "./shell-state.ts";

/** Longest known value of a variable: values that double at every step would grow without end. */
const VALUE_LENGTH_MAX = 8 * 1024;

/** Most fields one word may become: `{a,b}{c,d}…` and split variables. */
const FIELDS_PER_WORD_MAX = 256;

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  readonly kind: "text" | "glob" | "unknown";
  /** The value of a variable that begins with the home folder. */
  readonly home?: boolean;
}

export function expandWord(word: Word, state: ShellState): Field[] {
  const tilde = word.text.startsWith("~");
  if (word.parts === undefined) return [{ text: word.value, dynamic: false, glob: false, tilde }];
  const [only] = word.parts;
  if (word.parts.length === 1 && only !== undefined) {
    const list = positionalList(only, state);
    if (list !== undefined) return [...list];
  }
  const choices = word.parts.map((part) => piecesOf(part, state));
  const combined = combine(choices);
  if (combined === undefined) return [{ text: word.text, dynamic: "split", glob: false, tilde: false }];
  return combined.flatMap((pieces) => toFields(pieces, tilde));
}

/** How a value is kept in a variable: undefined when not known; only an expanded `~` may look like one. */
export function storedValue(field: Field): string | undefined {
  if (field.dynamic !== false || field.text.length > VALUE_LENGTH_MAX) return undefined;
  return field.tilde ? field.text : field.text.replace(/^~/, "./~");
}

/** The value of a word that stays one field (assignments, here-strings, redirections). */
export function expandToText(word: Word, state: ShellState): Field {
  const fields = expandWord(word, state);
  const [only] = fields;
  if (only !== undefined && fields.length === 1) return only;
  const text = fields.map((field) => field.text).join(" ");
  const dynamic = fields.some((field) => field.dynamic !== false) ? "quoted" : false;
  return { text, dynamic, glob: fields.some((field) => field.glob), tilde: fields[0]?.tilde ?? false };
}

/** Every combination of the alternatives that braces give; undefined when there are too many. */
function combine(choices: readonly (readonly Piece[])[][]): Piece[][] | undefined {
  let combined: Piece[][] = [[]];
  for (const alternatives of choices) {
    const [only] = alternatives;
    if (only !== undefined && alternatives.length === 1) {
      for (const head of combined) head.push(...only);
      continue;
    }
    if (combined.length * alternatives.length > FIELDS_PER_WORD_MAX) return undefined;
    combined = combined.flatMap((head) => alternatives.map((tail) => [...head, ...tail]));
  }
  return combined;
}

/** Alternatives (more than one only for braces), each a list of pieces. */
function piecesOf(part: WordPart, state: ShellState): Piece[][] {
  switch (part.type) {
    case "Literal":
      return [[{ text: part.value, quoted: part.text !== part.value, kind: "text" }]];
    case "SingleQuoted":
    case "AnsiCQuoted":
      return [[{ text: part.value, quoted: true, kind: "text" }]];
    case "DoubleQuoted":
    case "LocaleString":
      return [[{ text: "", quoted: true, kind: "text" }, ...part.parts.map((child) => quotedPiece(child, state))]];
    case "SimpleExpansion":
    case "ParameterExpansion":
      return [[variablePiece(part, state, false)]];
    case "Glob":
    case "ExtendedGlob":
      return [[{ text: part.text, quoted: false, kind: "glob" }]];
    case "BraceExpansion": {
      const alternatives = expandBraces(part.text);
      if (alternatives === undefined) return [[{ text: part.text, quoted: false, kind: "unknown" }]];
      return alternatives.map(({ text, glob }) => [{ text, quoted: false, kind: glob ? "glob" : "text" }]);
    }
    case "ProcessSubstitution":
      return [[{ text: "/dev/fd/63", quoted: true, kind: "text" }]];
    case "ArithmeticExpansion":
      return [[{ text: "0", quoted: true, kind: "text" }]];
    case "CommandExpansion":
      return [[commandPiece(part.text, state, false)]];
  }
}

function quotedPiece(child: DoubleQuotedChild, state: ShellState): Piece {
  switch (child.type) {
    case "Literal":
      return { text: child.value, quoted: true, kind: "text" };
    case "SimpleExpansion":
    case "ParameterExpansion":
      return variablePiece(child, state, true);
    case "ArithmeticExpansion":
      return { text: "0", quoted: true, kind: "text" };
    case "CommandExpansion":
      return commandPiece(child.text, state, true);
  }
}

/** The two commands whose output is known. */
function commandPiece(text: string, state: ShellState, quoted: boolean): Piece {
  const command = text.replace(/^\$\(\s*|^`\s*|\s*[)`]$/g, "");
  const isHere = command === "pwd" || command === "git rev-parse --show-toplevel";
  const value = isHere ? knownValue("PWD", state) : undefined;
  return value === undefined ? { text, quoted, kind: "unknown" } : { text: value, quoted, kind: "text" };
}

type VariablePart = Extract<WordPart, { readonly type: "SimpleExpansion" | "ParameterExpansion" }>;

function variablePiece(part: VariablePart, state: ShellState, quoted: boolean): Piece {
  const plain = part.type === "SimpleExpansion" || isPlainParameter(part);
  const name = part.type === "SimpleExpansion" ? part.text.slice(1) : part.parameter;
  if (part.type === "ParameterExpansion" && part.prefix === "#") return { text: "0", quoted, kind: "text" };
  const value = plain ? knownValue(name, state) : undefined;
  if (value === undefined) return { text: part.text, quoted, kind: "unknown" };
  return { text: value, quoted, kind: "text", home: value.startsWith("~") };
}

function isPlainParameter(part: Extract<VariablePart, { readonly type: "ParameterExpansion" }>): boolean {
  return part.prefix === undefined && part.index === undefined && part.operation === undefined;
}

function knownValue(name: string, state: ShellState): string | undefined {
  if (state.vars.has(name)) return state.vars.get(name);
  if (/^[?#$!-]$/.test(name) || NUMBERS.has(name)) return "0";
  if (/^[1-9]$/.test(name)) {
    const field = state.positional?.[Number(name) - 1];
    if (state.positional !== undefined && field === undefined) return "";
    return field?.dynamic === false && !field.glob ? field.text : undefined;
  }
  if (name === "HOME") return "~";
  if (name === "PWD") return state.cwd === "" ? "." : state.cwd;
  return name === "TMPDIR" ? "/tmp" : undefined;
}

const NUMBERS: ReadonlySet<string> = new Set(["LINENO", "RANDOM", "SECONDS", "UID", "EUID", "PPID", "EPOCHSECONDS"]);

/** `"$@"` and `$*` as the whole word. */
function positionalList(part: WordPart, state: ShellState): readonly Field[] | undefined {
  if (state.positional === undefined || state.vars.has("@")) return undefined;
  return /^"?\$\{?[@*]\}?"?$/.test(part.text) ? state.positional : undefined;
}

/** Joins pieces to one field, or to several where an unquoted value holds blanks. */
function toFields(pieces: readonly Piece[], tilde: boolean): Field[] {
  const words: string[] = [""];
  let dynamic: Field["dynamic"] = false;
  let anyQuoted = false;
  for (const { text, quoted, kind } of pieces) {
    anyQuoted ||= quoted;
    if (kind === "unknown" && dynamic !== "split") dynamic = quoted ? "quoted" : "split";
    const split = quoted || kind !== "text" || !/[ \t\n]/.test(text) ? [text] : text.split(/[ \t\n]+/);
    words[words.length - 1] += split[0] ?? "";
    words.push(...split.slice(1));
  }
  const glob = pieces.some((piece) => piece.kind === "glob");
  const home = tilde || pieces.find((piece) => piece.text !== "")?.home === true;
  const kept = words.filter((word) => word !== "" || anyQuoted);
  return kept.map((text, index) => ({
    text,
    dynamic,
    glob: glob || holdsGlob(pieces, text),
    tilde: home && index === 0,
  }));
}

/** An unquoted variable whose value has wildcards is expanded again by the shell. */
function holdsGlob(pieces: readonly Piece[], text: string): boolean {
  return /[*?[]/.test(text) && pieces.some((piece) => !piece.quoted && /[*?[]/.test(piece.text));
}

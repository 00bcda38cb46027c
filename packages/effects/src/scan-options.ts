/**
 * Splits the words after a program's name into options and operands the way getopt does: bundles (`-rf`), attached
 * and separate values, `--name=value`, abbreviated long names, `--`. Ambiguity is resolved towards more options.
 */
import type { Field } from "./field.ts";

export interface OptionSpec {
  /** Options that take a value, with their dashes: `-n`, `--lines`. */
  readonly values?: ReadonlySet<string>;
  /** Long options that may take a value only after `=`. */
  readonly known?: ReadonlySet<string>;
  /** Everything after the first operand is operand too (wrappers, `find`, `git`). */
  readonly stopAtOperand?: boolean;
  /** Words such as `-exec` are one option, not a bundle (find, java-like tools, terraform). */
  readonly singleDashWords?: boolean;
}

export interface Option {
  /** With dashes; an abbreviated long name is completed when only one known name fits. */
  readonly name: string;
  readonly value: Field | undefined;
  /** Where it stands in the words. */
  readonly at: number;
}

export interface ScannedWords {
  readonly options: readonly Option[];
  readonly operands: readonly Field[];
  /** A word of which it is not known whether it is an option. */
  readonly doubtful: boolean;
}

export function scanOptions(words: readonly Field[], spec: OptionSpec): ScannedWords {
  const options: Option[] = [];
  const operands: Field[] = [];
  let doubtful = false;
  let ended = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) break;
    if (!ended && mayBeOption(word)) doubtful = true;
    const isOption = !ended && word.text.length > 1 && word.text.startsWith("-");
    if (!isOption) {
      operands.push(word);
      ended ||= spec.stopAtOperand === true;
      continue;
    }
    if (word.text === "--") {
      ended = true;
      continue;
    }
    const next = words[at + 1];
    const found = word.text.startsWith("--") ? readLong(word, next, spec) : readShort(word, next, spec);
    for (const option of found.options) options.push({ ...option, at });
    if (found.tookNext) at += 1;
  }
  return { options, operands, doubtful };
}

/** `$x` and `"$x"` may turn out to begin with a dash; `/tmp/$x` may not, unless it is split. */
function mayBeOption(word: Field): boolean {
  if (word.dynamic === false) return false;
  return word.dynamic === "split" || /^[$`]/.test(word.text);
}

interface Found {
  readonly options: readonly Omit<Option, "at">[];
  readonly tookNext: boolean;
}

function readLong(word: Field, next: Field | undefined, spec: OptionSpec): Found {
  const equals = word.text.indexOf("=");
  const written = equals < 0 ? word.text : word.text.slice(0, equals);
  const names = complete(written, spec);
  const value = equals < 0 ? undefined : { ...word, text: word.text.slice(equals + 1), tilde: false };
  const takesNext = value === undefined && names.some((name) => spec.values?.has(name) === true);
  const given = takesNext ? next : value;
  return { options: names.map((name) => ({ name, value: given })), tookNext: takesNext && next !== undefined };
}

function complete(written: string, spec: OptionSpec): string[] {
  if (spec.values?.has(written) === true || spec.known?.has(written) === true) return [written];
  const candidates = [...(spec.values ?? []), ...(spec.known ?? [])];
  const fitting = written.length > 2 ? candidates.filter((name) => name.startsWith(written)) : [];
  return fitting.length === 0 ? [written] : fitting;
}

function readShort(word: Field, next: Field | undefined, spec: OptionSpec): Found {
  if (spec.singleDashWords === true) {
    const equals = word.text.indexOf("=");
    const name = equals < 0 ? word.text : word.text.slice(0, equals);
    if (equals >= 0)
      return { options: [{ name, value: { ...word, text: word.text.slice(equals + 1) } }], tookNext: false };
    const takes = spec.values?.has(name) === true;
    return { options: [{ name, value: takes ? next : undefined }], tookNext: takes && next !== undefined };
  }
  // `head -5`, `kill -9`
  if (/^-\d+$/.test(word.text)) return { options: [{ name: word.text, value: undefined }], tookNext: false };
  const options: Omit<Option, "at">[] = [];
  for (let index = 1; index < word.text.length; index += 1) {
    const name = `-${word.text[index] ?? ""}`;
    if (spec.values?.has(name) !== true) {
      options.push({ name, value: undefined });
      continue;
    }
    const attached = word.text.slice(index + 1);
    if (attached === "") return { options: [...options, { name, value: next }], tookNext: next !== undefined };
    return { options: [...options, { name, value: { ...word, text: attached } }], tookNext: false };
  }
  return { options, tookNext: false };
}

/** `"-n -c --lines"` as a set: how the tables of commands write their options. */
export function optionSet(text: string): ReadonlySet<string> {
  return new Set(text.split(" ").filter((name) => name !== ""));
}

/** `sed` and `awk`: small programs in an argument. Known to be harmless by their text, or else unknown. */

import { isHarmlessAwk } from "./awk-program.ts";
import type { Field } from "./field.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { optionSet, type ScannedWords, scanOptions } from "./scan-options.ts";
import { isHarmlessSed } from "./sed-script.ts";

export const TEXT_PROGRAMS: ReadonlyMap<string, CommandHandler> = new Map([
  ["sed", describeSed],
  ["gsed", describeSed],
  ["awk", describeAwk],
  ["gawk", describeAwk],
  ["mawk", describeAwk],
  ["nawk", describeAwk],
]);

function describeSed(invocation: Invocation): void {
  const words = scanOptions(invocation.args, {
    values: optionSet("-e --expression -f --file -l --line-length"),
    known: optionSet(
      "-i --in-place -n --quiet --silent -E -r --regexp-extended -s --separate -u -z --null-data --posix --debug --sandbox",
    ),
  });
  const scripts = valuesOf(words, "-e", "--expression");
  const files = valuesOf(words, "-f", "--file");
  const given = scripts.length + files.length > 0;
  const [first, ...others] = words.operands;
  const paths = given || first === undefined ? words.operands : others;
  const inPlace = words.options.some(({ name }) => name === "-i" || name === "--in-place" || name === "-I");
  const kind = inPlace ? "write" : "read";
  invocation.emit({ kind, capability: kind, paths });
  const texts = given || first === undefined ? scripts : [first];
  if (files.length > 0) invocation.emitUnknown("`sed` takes its script from a file");
  if (hasDynamic(texts) || !texts.every(({ text }) => isHarmlessSed(text))) {
    invocation.emitUnknown("the `sed` script may run commands or write files");
  }
  if (words.doubtful || hasDynamic(paths)) invocation.emitUnknown("`sed` works on a value that is not known");
}

function describeAwk(invocation: Invocation): void {
  const words = scanOptions(invocation.args, {
    values: optionSet("-F -v -f -E -i -l -e --field-separator --assign --file --exec --include --load --source"),
    known: optionSet("--re-interval --posix --traditional --csv --version --help"),
    stopAtOperand: true,
  });
  const loads = words.options.some(({ name }) => /^(?:-[fEilm]|--(?:file|exec|include|load))$/.test(name));
  const sources = valuesOf(words, "-e", "--source");
  const [first, ...others] = words.operands;
  const given = loads || sources.length > 0;
  const texts = given || first === undefined ? sources : [first];
  const paths = (given || first === undefined ? words.operands : others).filter(
    ({ text }) => !/^[A-Za-z_]\w*=/.test(text),
  );
  invocation.emit({ kind: "read", capability: "read", paths });
  if (loads) invocation.emitUnknown("`awk` takes its program from a file");
  if (hasDynamic(texts) || !texts.every(({ text }) => isHarmlessAwk(text))) {
    invocation.emitUnknown("the `awk` program may run commands, or read and write other files");
  }
  if (words.doubtful || hasDynamic(paths)) invocation.emitUnknown("`awk` works on a value that is not known");
}

function valuesOf(words: ScannedWords, ...names: readonly string[]): Field[] {
  return words.options.flatMap(({ name, value }) => (names.includes(name) && value !== undefined ? [value] : []));
}

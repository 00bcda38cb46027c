/** `find`: looks at names, until an action deletes, runs or writes something for every one of them. */
import { dynamicField, type Field, globField } from "./field.ts";
import { hasDynamic, type Invocation } from "./invocation.ts";

const EXEC = new Set(["-exec", "-execdir", "-ok", "-okdir"]);
const WRITES = new Set(["-fprint", "-fprint0", "-fls", "-fprintf"]);

export function describeFind(invocation: Invocation): void {
  const { args } = invocation;
  const start = args.findIndex(({ text }, index) => /^[-(!]/.test(text) && !isLeadingOption(args, index));
  const roots = args.slice(0, start < 0 ? args.length : start).filter(({ text }) => !text.startsWith("-"));
  const paths = roots.length === 0 ? [globField(".")] : roots;
  const names = args.map(({ text }) => text);
  if (names.includes("-delete")) invocation.emit({ kind: "delete", capability: "delete", paths, flags: ["recursive"] });
  else invocation.emit({ kind: "read", capability: "read", paths, content: false });
  for (let index = Math.max(start, 0); index < args.length; index += 1) {
    const word = names[index] ?? "";
    if (EXEC.has(word)) index = runForEach(invocation, index, paths);
    else if (WRITES.has(word))
      invocation.emit({ kind: "write", capability: "write", paths: args.slice(index + 1, index + 2) });
    else if (word === "-files0-from") invocation.emitUnknown("`find` takes its folders from a file");
  }
  // A quoted value after a test is a pattern; anything unquoted may be an action.
  const doubtful = args.some(
    ({ dynamic, text }) => dynamic === "split" || (dynamic === "quoted" && /^[$`]/.test(text)),
  );
  if (doubtful || hasDynamic(roots)) invocation.emitUnknown("`find` gets a value that is not known");
}

/** `-H -L -P -D x -O3` come before the folders. */
function isLeadingOption(args: readonly Field[], index: number): boolean {
  return args.slice(0, index + 1).every(({ text }) => /^-(?:[HLPE]|D|O\d)$/.test(text));
}

/** Describes what is run for every file; gives the index of the last word of the action. */
function runForEach(invocation: Invocation, at: number, roots: readonly Field[]): number {
  const rest = invocation.args.slice(at + 1);
  const length = rest.findIndex(({ text }, index) => text === ";" || (text === "+" && rest[index - 1]?.text === "{}"));
  const words = length < 0 ? rest : rest.slice(0, length);
  const files = filesBelow(roots, nameTests(invocation.args));
  const runs = words.flatMap((word) => {
    if (word.text === "{}") return files;
    return word.text.includes("{}") ? [{ ...dynamicField(word.text, "quoted") }] : [word];
  });
  if (runs.length > 0) invocation.runWords(runs);
  return length < 0 ? invocation.args.length : at + 1 + length;
}

/** What the names of the found files look like, when tests say so: `-name '*.pem'`. */
export function nameTests(args: readonly Field[]): string[] {
  return args.flatMap(({ text }, index) => {
    const value = args[index + 1];
    if (!/^-i?(?:name|path|wholename|lname)$/.test(text) || value === undefined || value.dynamic !== false) return [];
    return [value.text.replace(/^.*\//, "")];
  });
}

/** What a lister hands on: some names below its folders. */
export function filesBelow(roots: readonly Field[], names: readonly string[] = []): Field[] {
  return roots.flatMap((root) => {
    if (root.dynamic !== false) return [dynamicField(`${root.text}/*`)];
    const folder = root.text.replace(/\/+$/, "");
    const below = root.text === "." || root.text === "" ? "**" : `${folder}/**`;
    const texts = names.length === 0 ? [below] : names.map((name) => `${below}/${name}`);
    return texts.map((text): Field => ({ text, dynamic: false, glob: true, tilde: root.tilde }));
  });
}

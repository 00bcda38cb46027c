/** Effects of a program from the table of file commands. */
import type { Capability, EffectKind } from "@aegisflow/core";
import { normalizePath } from "@aegisflow/core/policy/normalize-target";
import type { Field } from "./field.ts";
import { globField } from "./field.ts";
import type { FileCommand, OperandRole } from "./file-command-table.ts";
import { hasDynamic, type Invocation } from "./invocation.ts";
import { type Option, scanOptions } from "./scan-options.ts";

export function describeFileCommand(invocation: Invocation, command: FileCommand): void {
  const words = scanOptions(invocation.args, command.spec);
  const flags = new Set<string>();
  let role = command.role;
  for (const { name } of words.options) {
    const flag = command.flags[name];
    if (flag !== undefined) flags.add(flag);
    role = command.roles[name] ?? role;
    if (command.runs.has(name)) invocation.emitUnknown(`\`${invocation.name} ${name}\` may run or change anything`);
  }
  const argv = canonicalWords(invocation, command, flags);
  const operands = splitRoles(role, words.operands, isTargetDirectory(words.options));
  for (const fact of modeFacts(invocation.name, role, words.operands)) flags.add(fact);
  for (const { kind, fields } of operands) {
    emitFiles(invocation, { kind, fields, argv, flags: [...flags], content: role !== "names" });
  }
  emitOptionFiles(invocation, command, words.options, argv);
  if (role !== "text" && role !== "names" && (words.doubtful || hasDynamic(operands.flatMap(({ fields }) => fields)))) {
    invocation.emitUnknown(`\`${invocation.name}\` works on a value that is not known`);
  }
}

type FileEffect = "read" | "write" | "delete";

interface FilesStatement {
  readonly kind: FileEffect;
  readonly fields: readonly Field[];
  readonly argv: readonly string[];
  readonly flags: readonly string[];
  readonly content: boolean;
}

function emitFiles(invocation: Invocation, { kind, fields, argv, flags, content }: FilesStatement): void {
  const capability: Capability = kind;
  const effectKind: EffectKind = kind;
  invocation.emit({ kind: effectKind, capability, paths: fields, argv, flags, content });
}

function emitOptionFiles(
  invocation: Invocation,
  command: FileCommand,
  options: readonly Option[],
  argv: readonly string[],
): void {
  for (const { name, value } of options) {
    if (value === undefined) continue;
    const kind: FileEffect | undefined = command.writes.has(name)
      ? "write"
      : command.reads.has(name)
        ? "read"
        : undefined;
    if (kind === undefined) continue;
    emitFiles(invocation, { kind, fields: [value], argv, flags: [], content: true });
    if (value.dynamic !== false)
      invocation.emitUnknown(`\`${invocation.name} ${name}\` names a file that is not known`);
  }
}

function isTargetDirectory(options: readonly Option[]): boolean {
  return options.some(({ name }) => name === "-t" || name === "--target-directory");
}

/** Which operands are read, written and deleted. */
function splitRoles(
  role: OperandRole,
  operands: readonly Field[],
  targetGiven: boolean,
): readonly { readonly kind: FileEffect; readonly fields: readonly Field[] }[] {
  const last = operands.slice(-1);
  const others = targetGiven ? operands : operands.slice(0, -1);
  switch (role) {
    case "text":
      return [{ kind: "read", fields: [] }];
    case "read":
    case "names":
      return [{ kind: "read", fields: operands }];
    case "pattern":
      return [{ kind: "read", fields: operands.slice(1) }];
    case "write":
    case "delete":
      return [{ kind: role, fields: operands }];
    case "mode":
      return [{ kind: "write", fields: operands.slice(1) }];
    case "replace":
      return [{ kind: "write", fields: operands.length === 0 ? [globField("**")] : operands }];
    case "filter": {
      const [from, ...to] = operands;
      const read = { kind: "read" as const, fields: from === undefined ? [] : [from] };
      return to.length === 0 ? [read] : [read, { kind: "write", fields: to }];
    }
    case "copy":
    case "move": {
      const sources = { kind: role === "copy" ? ("read" as const) : ("delete" as const), fields: others };
      return targetGiven ? [sources] : [sources, { kind: "write", fields: last }];
    }
  }
}

/** `chmod 777`, `a+w`, `u+s`: facts that rules ask about. */
function modeFacts(name: string, role: OperandRole, operands: readonly Field[]): string[] {
  if (role !== "mode") return [];
  if (name !== "chmod") return ["ownership"];
  const mode = operands[0]?.text ?? "";
  const world =
    /^[0-7]*[2367]$/.test(mode) || /(?:^|,)[ug]*[oa]+[ugoa]*[+=][rxXst]*w/.test(mode) || /(?:^|,)[+=][rx]*w/.test(mode);
  const setId = /^[2467][0-7]{3}$/.test(mode) || /[+=][rwx]*s/.test(mode);
  return ["permissions", ...(world ? ["world-writable"] : []), ...(setId ? ["set-id"] : [])];
}

/** Facts first and in one spelling (`rm --force -R x` is `rm -rf x`), paths in their plain form. */
function canonicalWords(invocation: Invocation, command: FileCommand, flags: ReadonlySet<string>): string[] {
  const spelled = Object.entries(command.canonical).filter(([flag]) => flags.has(flag));
  if (spelled.length === 0) return [invocation.name, ...invocation.args.map(plainWord)];
  const bundle = `-${spelled.map(([, option]) => option.slice(1)).join("")}`;
  const rest = invocation.args.filter(({ text }) => !saysOnly(text, command.flags));
  return [invocation.name, bundle, ...rest.map(plainWord)];
}

/** Whether an option word states nothing but facts that the bundle states already. */
function saysOnly(text: string, flags: FileCommand["flags"]): boolean {
  if (text.startsWith("--")) return Object.keys(flags).some((name) => text.length > 3 && name.startsWith(text));
  return /^-[A-Za-z]+$/.test(text) && Array.from(text.slice(1)).every((letter) => flags[`-${letter}`] !== undefined);
}

/** `/etc//shadow` and `a/../b` in the form rules are written in. */
export function plainWord({ text }: Field): string {
  const isPath = /\/\/|\/\.\/|\/\.\.(?:\/|$)/.test(text) && !/\s|:\/\//.test(text) && !text.startsWith("-");
  return isPath ? normalizePath(text) : text;
}

/**
 * Programs that run code: shells are followed into their text; code in another language, or from somewhere unseen,
 * is unknown; a script file is run.
 */
import { isStreamFile } from "./field.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { optionSet, scanOptions } from "./scan-options.ts";

interface Interpreter {
  /** Options whose value is code. */
  readonly code: string;
  readonly values?: string;
  /** Option whose value is a module to run: `python -m pytest`. */
  readonly module?: string;
  /** Options that only print: `--version`. */
  readonly prints?: string;
  /** First operands that name a subcommand instead of a file (`deno run`, `bun test`). */
  readonly subcommands?: boolean;
}

const VERSION = "--version --help -h -V";
const ROWS: Readonly<Record<string, Interpreter>> = {
  "python python2 python3 pypy pypy3": {
    code: "-c",
    module: "-m",
    values: "-W -X --check-hash-based-pycs",
    prints: VERSION,
  },
  "node nodejs": {
    code: "-e --eval -p --print",
    values: "-r --require --import --loader --experimental-loader --env-file -C --conditions --inspect-port --title",
    prints: "--version --help -h -v -c --check",
  },
  "deno bun": {
    code: "-e --eval -p --print",
    values: "-r --preload --cwd --config -c --filter",
    prints: VERSION,
    subcommands: true,
  },
  "ruby jruby": { code: "-e", values: "-I -r -C -E -F -W -T", prints: "--version --help -h -v -c" },
  perl: { code: "-e -E", values: "-I -M -m -F -C -i -x -D", prints: "--version --help -h -v -c" },
  php: { code: "-r -R -B -E", values: "-d -c -f -F -S -t -z", prints: "--version --help -h -v -i -m -l" },
  "lua luajit": { code: "-e", values: "-l", prints: "-v" },
  "Rscript R": { code: "-e", prints: VERSION },
  osascript: { code: "-e", values: "-l -s" },
  "pwsh powershell": {
    code: "-c -Command -command -EncodedCommand -ec",
    values: "-File -ExecutionPolicy",
    prints: "--version",
  },
  "tclsh wish": { code: "-c", prints: VERSION },
  "groovy scala jshell kotlinc julia elixir iex ghci ocaml guile racket sbcl": {
    code: "-e --eval -E",
    prints: VERSION,
  },
  fish: { code: "-c --command", prints: VERSION },
};

export const INTERPRETERS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
  ...Object.entries(ROWS).flatMap(([names, row]) =>
    names.split(" ").map((name): [string, CommandHandler] => [name, (invocation) => interpret(invocation, row)]),
  ),
  ...["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh"].map((name): [string, CommandHandler] => [name, runShell]),
]);

const SHELL_VALUES = optionSet("-o -O --rcfile --init-file");

/** `sh -c text`, `sh file`, `… | sh`: the first is followed, the others run what is not seen. */
function runShell(invocation: Invocation): void {
  const { options, operands, doubtful } = scanOptions(plusAsOption(invocation), {
    values: SHELL_VALUES,
    stopAtOperand: true,
  });
  const names = new Set(options.map(({ name }) => name));
  if (doubtful || names.has("--rcfile") || names.has("--init-file"))
    invocation.emitUnknown(`what \`${invocation.name}\` runs is not known`);
  if (names.has("--version") || names.has("--help")) {
    invocation.emit({ kind: "read", capability: "read" });
    return;
  }
  const [first, ...rest] = operands;
  if (names.has("-c")) {
    if (first === undefined || first.dynamic !== false)
      invocation.emitUnknown(`\`${invocation.name} -c\` runs text that is not known`);
    else if (invocation.name === "zsh" && /[~^=(]\(|=\(/.test(first.text))
      invocation.emitUnknown("zsh grammar is not understood");
    else invocation.runScript(first.text, "sub", rest.slice(1));
    return;
  }
  if (first !== undefined && !names.has("-s")) {
    invocation.emit({ kind: "exec", capability: "execute", paths: [first], flags: ["script"] });
    if (hasDynamic(operands) || isStreamFile(first))
      invocation.emitUnknown(`which script \`${invocation.name}\` runs is not known`);
    return;
  }
  runShellInput(invocation);
}

function plusAsOption({ args }: Invocation): Invocation["args"] {
  return args.map((field) =>
    /^\+[A-Za-z]+$/.test(field.text) ? { ...field, text: field.text.replace("+", "-") } : field,
  );
}

function runShellInput(invocation: Invocation): void {
  const { stdin } = invocation;
  if (stdin.kind === "text") invocation.runScript(stdin.text, "sub", []);
  else if (stdin.kind === "inherited") invocation.emit({ kind: "exec", capability: "execute", flags: ["interactive"] });
  else invocation.emitUnknown(`data is fed to \`${invocation.name}\` as commands`);
}

const PACKAGE_SUBCOMMANDS = optionSet("i install add ci x create remove rm update upgrade link patch");

function interpret(invocation: Invocation, row: Interpreter): void {
  const code = optionSet(row.code);
  const modules = optionSet(row.module ?? "");
  const prints = optionSet(row.prints ?? "");
  const values = new Set([...optionSet(row.values ?? ""), ...code, ...modules]);
  const end = invocation.args.findIndex(({ text }) => modules.has(text));
  const words = end < 0 ? invocation.args : invocation.args.slice(0, end + 2);
  const { options, operands, doubtful } = scanOptions(words, { values, stopAtOperand: true });
  const inline = options.some(({ name }) => code.has(name));
  const module = options.find(({ name }) => modules.has(name));
  if (options.length > 0 && operands.length === 0 && options.every(({ name }) => prints.has(name))) {
    invocation.emit({ kind: "read", capability: "read" });
    return;
  }
  const [script] = operands;
  if (row.subcommands === true && PACKAGE_SUBCOMMANDS.has(script?.text ?? "")) {
    invocation.emit({ kind: "package-install", capability: "execute" });
  }
  if (module?.value !== undefined) {
    // A module behaves as the program of its name: `python -m pip install x`.
    invocation.runWords([module.value, ...invocation.args.slice(end + 2)], invocation.stdin);
  } else {
    const paths = script === undefined || inline || row.subcommands === true ? [] : [script];
    invocation.emit({
      kind: "exec",
      capability: "execute",
      paths,
      flags: inline ? ["inline-code"] : [],
      content: false,
    });
  }
  if (inline) invocation.emitUnknown(`\`${invocation.name}\` runs code that is not understood`);
  else if (
    (script === undefined || isStreamFile(script)) &&
    module === undefined &&
    (script !== undefined || invocation.stdin.kind !== "inherited")
  ) {
    invocation.emitUnknown(`data is fed to \`${invocation.name}\` as code`);
  } else if (doubtful || hasDynamic(invocation.args))
    invocation.emitUnknown(`\`${invocation.name}\` gets a value that is not known`);
}

/**
 * Programs that run another command given as their words: looked through, so that what counts is what is run.
 * An option that is not known to a wrapper makes the rest unknowable, because it may have taken the next word.
 */
import { checkAssignment } from "./environment-variables.ts";
import { dynamicField, type Field, literalField } from "./field.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { type Option, optionSet, scanOptions } from "./scan-options.ts";

interface Wrapper {
  readonly values?: string;
  /** Options without value; others are not known. */
  readonly known?: string;
  /** Words of its own before the command: a duration, a folder, a lock file. */
  readonly ownOperands?: number;
  /** `NAME=value` words before the command. */
  readonly assignments?: boolean;
  readonly privilege?: boolean;
  /** Option whose value is shell text. */
  readonly text?: string;
  /** Runs nothing but that text; other operands are users or files. */
  readonly textOnly?: boolean;
  /** The words are joined and given to a shell. */
  readonly joins?: boolean;
}

const ROWS: Readonly<Record<string, Wrapper>> = {
  "nohup builtin setsid unbuffer caffeinate dbus-run-session catchsegv eatmydata": {
    known: "-f -c -w -i -s -d --fork --ctty --wait",
  },
  exec: { values: "-a", known: "-c -l" },
  nice: { values: "-n --adjustment" },
  ionice: { values: "-c -n --class --classdata", known: "-t --ignore" },
  timeout: {
    values: "-k -s --kill-after --signal",
    known: "--foreground --preserve-status -v --verbose",
    ownOperands: 1,
  },
  time: { values: "-f --format", known: "-p -v -a --portability --verbose --append --quiet -q -l -h" },
  stdbuf: { values: "-i -o -e --input --output --error" },
  chrt: { known: "-b -f -i -o -r", ownOperands: 1 },
  taskset: { known: "-a", ownOperands: 1 },
  "strace ltrace": {
    values: "-e -s -a -E -u -P -I -O -S -X -b -o -p",
    known: "-f -ff -c -C -q -qq -t -tt -ttt -T -v -x -xx -y -yy -k -n -r -i -w -d -Z -z -A",
  },
  "xvfb-run": { values: "-e -f -n -p -s -w --server-args --server-num", known: "-a --auto-servernum -l" },
  sudo: {
    values: "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role --type",
    known:
      "-A -b -E -H -n -P -S -k -K -v -i -s --preserve-env --non-interactive --stdin --login --shell --set-home --background",
    assignments: true,
    privilege: true,
  },
  doas: { values: "-u -C", known: "-n -s -L", privilege: true },
  pkexec: { values: "--user", known: "--disable-internal-agent --keep-cwd", privilege: true },
  "su runuser": {
    values: "-c --command -s --shell -g --group -G --supp-group -u --user -w --whitelist-environment",
    known: "- -l --login -m -p --preserve-environment -f --fast -P --pty",
    text: "-c --command",
    textOnly: true,
    privilege: true,
  },
  chroot: { values: "--userspec --groups", known: "--skip-chdir", ownOperands: 1, privilege: true },
  unshare: {
    values: "-S -G --setuid --setgid --wd --root -R -w",
    known:
      "-m -u -i -n -p -U -C -T -f -r -c --mount --uts --ipc --net --pid --user --fork --map-root-user --mount-proc",
    privilege: true,
  },
  nsenter: {
    values: "-t --target -S -G --setuid --setgid",
    known: "-m -u -i -n -p -U -C -T -a -F --mount --uts --ipc --net --pid --user --all",
    privilege: true,
  },
  "systemd-run": {
    values: "-p --property -u --unit --uid --gid --slice -E --setenv --working-directory",
    known: "--user --scope --pty -t --wait --pipe -P -q --quiet --collect -G -r",
    privilege: true,
  },
  flock: {
    values: "-w -E --timeout --conflict-exit-code -c --command",
    known: "-s -x -e -n -u -o --shared --exclusive --nonblock --unlock --close -v --verbose -F",
    ownOperands: 1,
    text: "-c --command",
  },
  script: {
    values: "-c --command -T -I -O -B -o -E -m",
    known: "-q -a -e -f --quiet --append --return --flush",
    text: "-c --command",
    textOnly: true,
  },
  watch: {
    values: "-n --interval",
    known:
      "-d -b -c -e -g -p -q -r -t -w -x --differences --beep --color --errexit --chgexit --precise --no-title --no-wrap --exec",
    joins: true,
  },
  "proxychains proxychains4 torsocks": { values: "-f", known: "-q" },
  "busybox toybox": {},
};

export const WRAPPERS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
  ...Object.entries(ROWS).flatMap(([names, wrapper]) =>
    names.split(" ").map((name): [string, CommandHandler] => [name, (invocation) => runWrapped(invocation, wrapper)]),
  ),
  ["env", runEnv],
  ["command", runCommandBuiltin],
  ["xargs", runXargs],
  ["parallel", runParallel],
]);

function runWrapped(invocation: Invocation, wrapper: Wrapper): void {
  const values = optionSet(wrapper.values ?? "");
  const known = optionSet(wrapper.known ?? "");
  const { options, operands, doubtful } = scanOptions(invocation.args, {
    values,
    known,
    stopAtOperand: wrapper.textOnly !== true,
  });
  if (wrapper.privilege === true) invocation.emit({ kind: "privilege", capability: "execute" });
  const strange = options.find(({ name }) => !values.has(name) && !known.has(name) && !/^-\d+$/.test(name));
  if (strange !== undefined || doubtful)
    invocation.emitUnknown(`what \`${invocation.name} ${strange?.name ?? "$…"}\` runs is not known`);
  const textOptions = optionSet(wrapper.text ?? "");
  const text = options.find(({ name }) => textOptions.has(name));
  const rest = operands.slice(wrapper.ownOperands ?? 0);
  if (text !== undefined || textOptions.has(rest[0]?.text ?? "")) {
    runText(invocation, text === undefined ? rest[1] : text.value);
    return;
  }
  if (wrapper.textOnly === true) {
    invocation.emit({ kind: "exec", capability: "execute", flags: ["interactive"] });
    return;
  }
  const words = wrapper.assignments === true ? skipAssignments(invocation, rest) : rest;
  if (invocation.name === "exec" && words.length === 0) invocation.emit({ kind: "read", capability: "read" });
  else if (wrapper.joins === true && words.length > 0) joinAndRun(invocation, words);
  else if (words.length > 0) invocation.runWords(words, invocation.stdin);
  else invocation.emit({ kind: "exec", capability: "execute" });
}

function runText(invocation: Invocation, text: Field | undefined): void {
  if (text === undefined || text.dynamic !== false)
    invocation.emitUnknown(`\`${invocation.name}\` runs text that is not known`);
  else invocation.runScript(text.text, "sub");
}

function joinAndRun(invocation: Invocation, words: readonly Field[]): void {
  if (hasDynamic(words)) invocation.emitUnknown(`\`${invocation.name}\` runs text that is not known`);
  else invocation.runScript(words.map(({ text }) => text).join(" "), "sub");
}

function skipAssignments(invocation: Invocation, words: readonly Field[]): readonly Field[] {
  const start = words.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text));
  for (const field of start < 0 ? words : words.slice(0, start)) {
    const [name = "", ...value] = field.text.split("=");
    const reason = checkAssignment(name, field.dynamic === false ? value.join("=") : undefined);
    if (reason !== undefined) invocation.emitUnknown(reason);
  }
  return start < 0 ? [] : words.slice(start);
}

const ENV_VALUES = optionSet("-u --unset -C --chdir -S --split-string");
const ENV_KNOWN = optionSet("-i --ignore-environment - -0 --null -v --debug");

function runEnv(invocation: Invocation): void {
  const { options, operands, doubtful } = scanOptions(invocation.args, {
    values: ENV_VALUES,
    known: ENV_KNOWN,
    stopAtOperand: true,
  });
  const strange = options.some(({ name }) => !ENV_VALUES.has(name) && !ENV_KNOWN.has(name));
  const moved = options.some(({ name }) => name === "-C" || name === "--chdir");
  if (strange || doubtful || moved) invocation.emitUnknown("what `env` runs, or where, is not known");
  const split = options.find(({ name }) => name === "-S" || name === "--split-string")?.value;
  const words = skipAssignments(invocation, [...splitString(invocation, split), ...operands]);
  if (words.length > 0) invocation.runWords(words, invocation.stdin);
  else invocation.emit({ kind: "read", capability: "read", flags: ["environment"] });
}

function splitString(invocation: Invocation, field: Field | undefined): Field[] {
  if (field === undefined) return [];
  if (field.dynamic !== false || /["'\\$#]/.test(field.text)) {
    invocation.emitUnknown("`env -S` runs text that is not known");
    return [];
  }
  return field.text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(literalField);
}

/** `command -v rm` only asks where it is. */
function runCommandBuiltin(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, { known: optionSet("-p -v -V"), stopAtOperand: true });
  if (operands.length === 0 || options.some(({ name }) => name === "-v" || name === "-V")) {
    invocation.emit({ kind: "read", capability: "read" });
  } else invocation.runWords(operands, invocation.stdin);
}

const XARGS_VALUES = optionSet(
  "-I -n -P -L -l -d -E -s -a --arg-file --max-args --max-procs --max-lines --delimiter --max-chars --replace --process-slot-var -J -R",
);

/** The words that arrive on standard input are added at the end, or put where `-I` says. */
function runXargs(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, {
    values: XARGS_VALUES,
    known: optionSet("-0 --null -r --no-run-if-empty -t --verbose -p --interactive -x --exit -o --open-tty"),
    stopAtOperand: true,
  });
  const fromFile = options.some(({ name }) => name === "-a" || name === "--arg-file");
  const incoming = fromFile ? [dynamicField("{}")] : incomingWords(invocation);
  const replaced = replacement(options);
  const words = operands.length === 0 ? [literalField("echo")] : operands;
  if (replaced === undefined) {
    invocation.runWords([...words, ...incoming]);
    return;
  }
  const one = incoming.length === 1 ? incoming[0] : undefined;
  invocation.runWords(words.map((word) => (word.text.includes(replaced) ? insert(word, replaced, one) : word)));
}

function replacement(options: readonly Option[]): string | undefined {
  const option = options.find(({ name }) => name === "-I" || name === "--replace" || name === "-J");
  return option === undefined ? undefined : (option.value?.text ?? "{}");
}

function insert(word: Field, mark: string, value: Field | undefined): Field {
  if (word.text === mark && value !== undefined) return value;
  if (value === undefined || value.dynamic !== false) return dynamicField(word.text);
  return { ...word, text: word.text.replaceAll(mark, () => value.text), glob: word.glob || value.glob };
}

function incomingWords({ stdin }: Invocation): readonly Field[] {
  if (stdin.kind === "names") return stdin.names;
  if (stdin.kind !== "text" || /["'\\]/.test(stdin.text)) return [dynamicField("{}")];
  return stdin.text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(literalField);
}

/** GNU parallel builds command lines from templates and input: more than can be known. */
function runParallel(invocation: Invocation): void {
  invocation.emitUnknown("`parallel` builds commands from its input");
  const start = invocation.args.findIndex(({ text }) => !text.startsWith("-"));
  if (start >= 0) invocation.runWords([...invocation.args.slice(start), dynamicField("{}")]);
}

/**
 * git: global options are looked through, the subcommand and its options say what happens to the repository, and
 * options that make git run programs (`-c core.pager=!sh`, `--upload-pack`, aliases) make it unknown.
 */
import type { Capability, EffectKind } from "@aegisflow/core";
import type { Field } from "./field.ts";
import { describePush } from "./git-push.ts";
import { GIT_SUBCOMMANDS, type GitOutcome, type GitSubcommand } from "./git-table.ts";
import { hasDynamic, type Invocation } from "./invocation.ts";
import { type Option, optionSet, scanOptions } from "./scan-options.ts";
import { emitSecretArguments } from "./secret-arguments.ts";

const GLOBAL_VALUES = optionSet(
  "-C -c --git-dir --work-tree --namespace --exec-path --config-env --super-prefix --attr-source --list-cmds",
);

/** Settings by which git starts a program of somebody's choice. */
const RUNNING_SETTING =
  /^(?:alias\.|core\.(?:sshcommand|pager|editor|fsmonitor|hookspath|gitproxy|askpass|worktree|attributesfile)|credential\.|diff\.(?:external|.*\.(?:command|textconv))|difftool\.|mergetool\.|merge\..*\.driver|filter\.|gpg\.|gpg\..*program|pager\.|sequence\.editor|ssh\.|protocol\.|include\.|includeif\.|url\.|uploadpack\.|receive\.|remote\..*\.(?:uploadpack|receivepack|proxy|vcs)|submodule\..*\.update|browser\.|web\.|man\.|help\.|init\.templatedir|interactive\.difffilter|core\.alternaterefscommand|trailer\.)/i;

export function describeGit(invocation: Invocation): void {
  const { options, operands, doubtful } = scanOptions(invocation.args, { values: GLOBAL_VALUES, stopAtOperand: true });
  checkGlobalOptions(invocation, options);
  const folder = options.findLast(({ name }) => name === "-C" || name === "--work-tree" || name === "--git-dir")?.value;
  const [subcommand, ...args] = operands;
  if (subcommand === undefined || subcommand.dynamic !== false || doubtful) {
    if (subcommand === undefined && !doubtful) invocation.emit({ kind: "read", capability: "read", operation: "git" });
    else invocation.emitUnknown("which git command runs is not known");
    return;
  }
  const elsewhere = folder !== undefined && /^(?:\/|~|\.\.)/.test(folder.text) ? ["other-repository"] : [];
  describeSubcommand({ ...invocation, args }, subcommand.text, elsewhere);
}

function checkGlobalOptions(invocation: Invocation, options: readonly Option[]): void {
  for (const { name, value } of options) {
    const setting = value?.text.split("=")[0] ?? "";
    if (name === "--exec-path" && value !== undefined)
      invocation.emitUnknown("`git --exec-path` runs programs from elsewhere");
    if (name === "-c" && (value?.dynamic !== false || RUNNING_SETTING.test(setting))) {
      invocation.emitUnknown(`the git setting \`${setting}\` can run programs`);
    }
    if (name === "--config-env") invocation.emitUnknown("a git setting is taken from the environment");
  }
}

function describeSubcommand(invocation: Invocation, name: string, elsewhere: readonly string[]): void {
  if (name === "push") {
    describePush(invocation, elsewhere);
    return;
  }
  const entry = GIT_SUBCOMMANDS.get(name);
  if (entry === undefined) {
    // An alias, or a program `git-<name>` on the path.
    invocation.emitUnknown(`\`git ${name}\` is not a command of git itself`);
    return;
  }
  const words = scanOptions(invocation.args, { values: entry.values, known: entry.known });
  const names = words.options.map((option) => option.name);
  const facts = new Set(names.flatMap((option) => entry.flags.get(option) ?? []));
  const verb = words.operands[0]?.text ?? "";
  const stated = outcomeOf(entry, verb, names, words.operands.length);
  const outcome = refineOutcome(name, stated, invocation, words.operands);
  const paths = entry.paths === undefined ? [] : pathsOf(entry, invocation.args, words.operands);
  const spelled = [...facts].flatMap((fact) => entry.canonical.get(fact) ?? []);
  const rest = invocation.args.map(({ text }) => text).filter((text) => !spellsOnly(text, entry, spelled));
  const argv = ["git", name, ...spelled, ...rest];
  const [kind, capability] = OUTCOMES[outcome];
  const flags = [...facts, ...elsewhere];
  invocation.emit({
    kind,
    capability,
    operation: `git.${name.replaceAll("-", "_")}`,
    argv,
    paths,
    flags,
    content: outcome !== "look" || name !== "ls-files",
  });
  checkRunningOptions(invocation, entry, words.options);
  if (outcome === "run") invocation.emitUnknown(`\`git ${name}\` runs other programs`);
  if (!entry.messages && entry.paths !== "operands") emitSecretArguments({ ...invocation, args: words.operands });
  const risky =
    outcome === "look"
      ? words.doubtful && words.operands.some(({ dynamic }) => dynamic === "split")
      : words.doubtful || hasDynamic(words.operands);
  if (risky) invocation.emitUnknown(`what \`git ${name}\` works on is not known`);
}

const OUTCOMES: Readonly<Record<GitOutcome, readonly [EffectKind, Capability]>> = {
  look: ["read", "read"],
  change: ["vcs", "write"],
  discard: ["delete", "delete"],
  fetch: ["network", "write"],
  run: ["exec", "execute"],
};

function outcomeOf(entry: GitSubcommand, verb: string, options: readonly string[], operands: number): GitOutcome {
  const stated = options.flatMap((option) => entry.options.get(option) ?? []);
  const strictest = STRICTEST_FIRST.find((outcome) => stated.includes(outcome));
  if (strictest !== undefined) return strictest;
  if (operands === 0 && entry.bare !== undefined) return entry.bare;
  return entry.verbs.get(verb) ?? entry.outcome;
}

const STRICTEST_FIRST: readonly GitOutcome[] = ["discard", "run", "fetch", "change", "look"];

/** What depends on more than a verb or an option. */
function refineOutcome(
  name: string,
  outcome: GitOutcome,
  invocation: Invocation,
  operands: readonly Field[],
): GitOutcome {
  if (
    name === "checkout" &&
    (invocation.args.some(({ text }) => text === "--") || operands.some(({ text }) => text === "."))
  )
    return "discard";
  if (name !== "config" || outcome !== "change") return outcome;
  const [key, value] = operands.filter(({ text }) => text !== "set");
  if (value === undefined && !invocation.args.some(({ text }) => text === "set" || text === "edit" || text === "-e"))
    return "look";
  if (RUNNING_SETTING.test(key?.text ?? ""))
    invocation.emitUnknown(`the git setting \`${key?.text ?? ""}\` can run programs`);
  return outcome;
}

function pathsOf(entry: GitSubcommand, args: readonly Field[], operands: readonly Field[]): readonly Field[] {
  const end = args.findIndex(({ text }) => text === "--");
  if (entry.paths === "after-dashes") return end < 0 ? [] : args.slice(end + 1);
  return operands;
}

/** Whether a word says nothing but what the canonical spelling says already. */
function spellsOnly(text: string, entry: GitSubcommand, spelled: readonly string[]): boolean {
  if (spelled.length === 0 || !text.startsWith("-") || text === "--") return false;
  if (text.startsWith("--")) return entry.canonical.get(entry.flags.get(text)?.[0] ?? "") !== undefined;
  return Array.from(text.slice(1)).every((letter) => entry.canonical.has(entry.flags.get(`-${letter}`)?.[0] ?? ""));
}

function checkRunningOptions(invocation: Invocation, entry: GitSubcommand, options: readonly Option[]): void {
  for (const { name, value } of options) {
    if (entry.runs.has(name)) invocation.emitUnknown(`\`git … ${name}\` runs a program`);
    if (name === "--output" || name === "-o") {
      if (value !== undefined && entry.writes) invocation.emit({ kind: "write", capability: "write", paths: [value] });
    }
  }
  if (invocation.args.some(({ text }) => /^(?:ext|fd)::|^--(?:upload-pack|receive-pack|exec)=/.test(text))) {
    invocation.emitUnknown("git is given a program to run as its transport");
  }
}

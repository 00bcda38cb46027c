/**
 * Gathers the effects of one command text: resolves paths, adds what a path means (secret, persistence, device), and
 * keeps the budgets that make every input finite.
 */
import type { Capability, Effect, EffectKind } from "@aegisflow/core";
import type { Field } from "./field.ts";
import { isHarmlessDevice, type PathWorld, pathFlags, resolvePath } from "./path-facts.ts";
import { isSecretPath } from "./secret-paths.ts";

/** Most effects of one text; an envelope takes 2,000. */
export const EFFECTS_MAX = 1_000;
/** Most simple commands looked at, nested ones included: bounds time. */
export const COMMANDS_MAX = 2_000;
/** Most steps of the walk through the grammar; nested loops over known lists multiply them. */
export const STEPS_MAX = 20_000;
/** Most text of nested expansions that is parsed again, in UTF-16 units: four times the longest command. */
export const NESTED_TEXT_MAX = 256 * 1024;
/** Most text of words kept in effects: an envelope with more would burden everything after it. */
export const WORDS_TEXT_MAX = 512 * 1024;
/** Deepest nesting of substitutions, `sh -c`, `eval` and function calls: each level may parse its text again. */
export const NESTING_MAX = 16;

/** One operation as a command handler states it. */
export interface Statement {
  readonly kind: EffectKind;
  readonly capability: Capability;
  /** Defaults to the tool. */
  readonly operation?: string;
  /** Words that rules see; defaults to the invocation's. */
  readonly argv?: readonly string[];
  readonly tool?: string;
  readonly paths?: readonly Field[];
  readonly hosts?: readonly string[];
  readonly refs?: readonly string[];
  readonly flags?: readonly string[];
  /** False when only names are looked at (`ls`, `test`): then a secret's path is no access to the secret. */
  readonly content?: boolean;
  /** Folder the paths are relative to; undefined when not known. */
  readonly cwd: string | undefined;
}

/** Most text of the words of something not understood. */
const UNKNOWN_WORDS_TEXT_MAX = 4096;

export interface EffectCollector {
  readonly effects: readonly Effect[];
  readonly commands: readonly (readonly string[])[];
  /** Why something could not be understood; the first of the reasons. */
  readonly unknown: string | undefined;
  emit(statement: Statement & { readonly tool: string; readonly argv: readonly string[] }): void;
  /** An effect that nobody can tell: never allowed silently. */
  emitUnknown(reason: string, tool: string, argv: readonly string[]): void;
  /** False when the budget of commands is used up; says so. */
  countCommand(argv: readonly string[]): boolean;
  /** Takes one step, and the length of a nested text, from the budgets; false when one is used up, and says so. */
  spend(nestedTextLength?: number): boolean;
}

export function createCollector(world: PathWorld): EffectCollector {
  const effects: Effect[] = [];
  const seen = new Set<string>();
  const commands: (readonly string[])[] = [];
  let unknown: string | undefined;
  const left = { steps: STEPS_MAX, nestedText: NESTED_TEXT_MAX, wordsText: WORDS_TEXT_MAX };

  const push = (effect: Effect): void => {
    const key = JSON.stringify(effect);
    if (seen.has(key)) return;
    if (effects.length >= EFFECTS_MAX) {
      unknown ??= `has more than ${EFFECTS_MAX} effects`;
      return;
    }
    seen.add(key);
    effects.push(effect);
  };

  const emitUnknown = (reason: string, tool: string, argv: readonly string[]): void => {
    unknown ??= reason;
    const shown =
      lengthOf(argv) <= UNKNOWN_WORDS_TEXT_MAX
        ? argv
        : argv.slice(0, 1).map((word) => word.slice(0, UNKNOWN_WORDS_TEXT_MAX));
    push({ kind: "unknown", operation: tool, tool, argv: shown, capability: "unknown", flags: [reason] });
  };

  return {
    effects,
    commands,
    get unknown() {
      return unknown;
    },
    emit(statement) {
      left.wordsText -= lengthOf(statement.argv);
      const fits = left.wordsText >= 0;
      if (!fits) emitUnknown("has more words than can be shown", statement.tool, statement.argv.slice(0, 1));
      const argv = fits ? statement.argv : statement.argv.slice(0, 1);
      for (const effect of toEffects({ ...statement, argv }, world)) push(effect);
      if (statement.content !== false && isLost(statement)) {
        emitUnknown("works in a folder that is not known", statement.tool, argv);
      }
    },
    emitUnknown,
    spend(nestedTextLength = 0) {
      left.steps -= 1;
      left.nestedText -= nestedTextLength;
      if (left.steps >= 0 && left.nestedText >= 0) return true;
      emitUnknown("is too large to analyse", "shell.exec", []);
      return false;
    },
    countCommand(argv) {
      if (commands.length >= COMMANDS_MAX) {
        emitUnknown(`has more than ${COMMANDS_MAX} commands`, "shell.exec", []);
        return false;
      }
      commands.push(argv);
      return true;
    },
  };
}

/** A relative path in a folder that nobody can tell. */
function isLost({ cwd, paths }: Statement): boolean {
  return cwd === undefined && (paths ?? []).some(({ text }) => !/^[/~]/.test(text));
}

function lengthOf(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + word.length, 0);
}

const CHANGES: ReadonlySet<EffectKind> = new Set(["write", "delete", "vcs", "privilege", "package-install"]);

function toEffects(
  statement: Statement & { readonly tool: string; readonly argv: readonly string[] },
  world: PathWorld,
): Effect[] {
  const { kind, capability, operation, tool, argv, hosts, refs, cwd } = statement;
  const resolved = (statement.paths ?? [])
    .map((field) => ({ field, path: resolvePath(field, cwd, world) }))
    .filter(({ path }) => !isHarmlessDevice(path));
  const paths = resolved.map(({ path }) => path);
  const about = paths.flatMap(pathFlags).filter((flag) => flag !== "persistence" || CHANGES.has(kind));
  const lost = isLost(statement);
  const flags = [...new Set([...(statement.flags ?? []), ...about, ...(lost ? ["outside-workspace"] : [])])];
  const base = {
    operation: operation ?? tool,
    tool,
    argv,
    capability,
    ...(paths.length > 0 ? { paths } : {}),
    ...(hosts !== undefined && hosts.length > 0 ? { hosts } : {}),
    ...(refs !== undefined && refs.length > 0 ? { refs } : {}),
    ...(flags.length > 0 ? { flags } : {}),
  };
  const effects: Effect[] = [{ kind, ...base }];
  const secrets =
    statement.content === false ? [] : resolved.filter(({ field, path }) => isSecretPath(path, field.glob));
  if (secrets.length > 0) effects.push({ ...base, kind: "secret-access", paths: secrets.map(({ path }) => path) });
  if (about.includes("persistence") && kind !== "read") effects.push({ ...base, kind: "persistence" });
  return effects;
}

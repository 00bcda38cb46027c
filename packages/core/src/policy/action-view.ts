/**
 * An action as rules see it: one view for each of its operations, everything already in matchable form.
 * Rules are matched with views only, so that enforcing, explaining and simulating cannot differ.
 */
import type { ActionDraft, Capability, Protocol, TargetKind } from "../action/action.ts";
import type { Effect, EffectKind } from "../action/effect.ts";
import { foldCommand, foldText, normalizePath, normalizeRepo, normalizeUrl } from "./normalize-target.ts";
import { readToolName } from "./tool-name.ts";

export interface ActionView {
  readonly protocol: Protocol;
  /** Every name the operation goes by: any of them is enough for a rule that reviews or blocks. */
  readonly names: readonly string[];
  /** The names an allow may rely on: the name of another command in the same line is not one of them. */
  readonly ownNames: readonly string[];
  readonly capability: Capability;
  readonly effectKind: EffectKind | undefined;
  readonly targetKind: TargetKind;
  /** Forms of the target; any of them is enough to review or block, the first one must match to allow. */
  readonly targets: readonly string[];
  /** Words of the operation when the target is a command. */
  readonly argv: readonly string[] | undefined;
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly refs: readonly string[];
  readonly tables: readonly string[];
  readonly flags: readonly string[];
  readonly draft: ActionDraft;
  /** What the operation is, in a few words for people. */
  readonly label: string;
  /** Why it cannot be accepted whatever the rules say: a disguised tool name, a URL with user information. */
  readonly refused: string | undefined;
}

const NONE: readonly string[] = [];

/** At least one view. */
export function viewAction(draft: ActionDraft): readonly ActionView[] {
  const whole = viewWhole(draft);
  if (draft.effects.length === 0) return [whole];
  const views = draft.effects.map((effect) => viewEffect(whole, effect));
  // What the gate asks for as a whole must be decided even when no single effect of it says so.
  const covered = views.some((view) => view.capability === draft.requested_capability);
  return covered ? views : [...views, whole];
}

function viewWhole(draft: ActionDraft): ActionView {
  const { name, refused } = readToolName(draft.tool);
  const target = readTarget(draft.target_kind, draft.target);
  const names = [name];
  return {
    protocol: draft.protocol,
    names,
    ownNames: names,
    capability: draft.requested_capability,
    effectKind: KIND_OF_CAPABILITY[draft.requested_capability],
    targetKind: draft.target_kind,
    targets: [target.text],
    argv: undefined,
    paths: draft.target_kind === "path" ? [target.text] : NONE,
    hosts: target.host === undefined ? NONE : [target.host],
    refs: NONE,
    tables: NONE,
    flags: NONE,
    draft,
    label: name,
    refused: refused ?? target.refused,
  };
}

/** An action without parsed effects has the one its capability says. */
const KIND_OF_CAPABILITY: Readonly<Record<Capability, EffectKind | undefined>> = {
  read: "read",
  write: "write",
  delete: "delete",
  execute: "exec",
  unknown: "unknown",
  deploy: undefined,
  approve: undefined,
};

function viewEffect(whole: ActionView, effect: Effect): ActionView {
  const own = effect.tool === undefined ? [effect.operation] : [effect.tool, effect.operation];
  const entrance = whole.names[0] ?? "";
  const isEntrance = effect.tool === undefined || !entrance.startsWith("shell.") || SHELL_ENTRANCES.has(entrance);
  const line = effect.argv?.join(" ");
  const command = effect.argv === undefined || line === undefined ? undefined : commandForms(effect.argv, line);
  // NOTE: written out, because spreading the whole view takes longer than the rest of this function.
  return {
    protocol: whole.protocol,
    names: distinct([...own, entrance]),
    ownNames: distinct(isEntrance ? [...own, entrance] : own),
    capability: effect.kind === "unknown" ? "unknown" : (effect.capability ?? whole.capability),
    effectKind: effect.kind,
    targetKind: whole.targetKind,
    targets: command === undefined ? whole.targets : [...command, ...whole.targets],
    argv: effect.argv,
    paths: effect.paths?.map(normalizePath) ?? (effect.argv === undefined ? whole.paths : NONE),
    hosts: effect.hosts?.map((host) => host.toLowerCase()) ?? (effect.argv === undefined ? whole.hosts : NONE),
    refs: effect.refs ?? NONE,
    tables: effect.tables ?? NONE,
    flags: effect.flags ?? NONE,
    draft: whole.draft,
    label: line ?? effect.operation,
    refused: whole.refused,
  };
}

/** Tools that stand for "run a command", not for one program: an allow that names them means any command. */
const SHELL_ENTRANCES: ReadonlySet<string> = new Set(["shell.exec", "shell.run", "shell.execute", "shell.command"]);

/** The words as one line, and without options, so that `git push origin main*` sees `git push -f origin main`. */
function commandForms(argv: readonly string[], text: string): string[] {
  const line = foldCommand(text);
  if (!argv.some(isOption)) return [line];
  return [line, foldCommand(argv.filter((word) => !isOption(word)).join(" "))];
}

function isOption(word: string): boolean {
  return word.startsWith("-");
}

function distinct(names: readonly string[]): readonly string[] {
  const [first, second, third] = names;
  if (first !== second && first !== third && (second !== third || names.length < 3)) return names;
  return [...new Set(names)];
}

interface TargetForm {
  readonly text: string;
  readonly host?: string;
  readonly refused?: string;
}

function readTarget(kind: TargetKind, target: string): TargetForm {
  switch (kind) {
    case "path":
      return { text: normalizePath(target) };
    case "url": {
      const url = normalizeUrl(target);
      return url.kind === "ok" ? { text: url.text, host: url.host } : { text: target, refused: url.reason };
    }
    case "repo":
      return { text: normalizeRepo(target) };
    case "command":
      return { text: foldCommand(target) };
    case "sql":
    case "text":
      return { text: foldText(target) };
    case "name":
      return { text: target.normalize("NFC").trim() };
  }
}

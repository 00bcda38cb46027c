/**
 * Typed effects: what an action would do to the world, as parsed by a gate with a real grammar.
 * Rules may test them (`effects`, `paths`, `refs`, `hosts`, `tables`, `flags`), and each is decided on its own:
 * the strictest verdict over the effects of an action is the verdict on the action.
 */
import type { Capability } from "./action.ts";

export const EFFECT_KINDS = [
  "exec",
  "read",
  "write",
  "delete",
  "network",
  "privilege",
  "secret-access",
  "process",
  "persistence",
  "package-install",
  "vcs",
  "infra",
  "unknown",
] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];

export interface Effect {
  readonly kind: EffectKind;
  /** `shell.rm`, `git.push`, `sql.drop_table` …: which operation has this effect. */
  readonly operation: string;
  /** Name that rules know the operation by where it differs from `operation`: `shell.git` for `git.push`. */
  readonly tool?: string;
  /** Words of the one operation, options that matter first: `["git", "push", "--force", "origin", "main"]`. */
  readonly argv?: readonly string[];
  /** What this operation alone asks for; absent means what the whole action asks for. */
  readonly capability?: Capability;
  /** Normalised; relative to the workspace when inside it, else absolute, `~/...` or `../...`. */
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
  readonly refs?: readonly string[];
  readonly tables?: readonly string[];
  /** Small facts of the operation: `force`, `recursive`, `no-where`, `dynamic`, `outside-workspace` … */
  readonly flags?: readonly string[];
}

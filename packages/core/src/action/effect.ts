/**
 * Typed effects: what an action would do to the world, as parsed by a gate with a real grammar.
 * Rules may test them (`effects`, `paths`, `refs`, `hosts`, `tables`).
 */

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
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
  readonly refs?: readonly string[];
  readonly tables?: readonly string[];
  /** Small facts of the operation: `force`, `recursive`, `no-where`, `dynamic`, `outside-workspace` … */
  readonly flags?: readonly string[];
}

/**
 * What a verifier found: four verdicts that never melt into one boolean, each with its reasons. A verdict without
 * any finding passes; a failure outweighs what could not be checked.
 */
export const VERDICT_NAMES = ["consistent", "complete", "existed_at", "paired"] as const;
export type VerdictName = (typeof VERDICT_NAMES)[number];
export type Verdict = "PASS" | "FAIL" | "NOT CHECKED";

export interface VerdictReport {
  readonly verdict: Verdict;
  /** What was established, for a passed verdict. */
  readonly summary: string;
  /** Why it failed or was not checked; at most `REASONS_MAX`, the rest counted. */
  readonly reasons: readonly string[];
}

/** A hostile bundle must not make the report endless. */
export const REASONS_MAX = 20;

/** Collects findings during one verification. */
export class Findings {
  readonly #failed = new Map<VerdictName, string[]>();
  readonly #unchecked = new Map<VerdictName, string[]>();
  readonly #summaries = new Map<VerdictName, string>();
  readonly notes: string[] = [];

  fail(name: VerdictName, reason: string): void {
    push(this.#failed, name, reason);
  }

  leaveUnchecked(name: VerdictName, reason: string): void {
    push(this.#unchecked, name, reason);
  }

  /** Says what a passed verdict established; the last word counts. */
  summarize(name: VerdictName, summary: string): void {
    this.#summaries.set(name, summary);
  }

  note(text: string): void {
    if (this.notes.length < REASONS_MAX) this.notes.push(text);
  }

  hasFailed(name: VerdictName): boolean {
    return this.#failed.has(name);
  }

  verdicts(): Readonly<Record<VerdictName, VerdictReport>> {
    const [consistent, complete, existed_at, paired] = VERDICT_NAMES.map((name) => this.#verdict(name));
    const none: VerdictReport = { verdict: "NOT CHECKED", summary: "", reasons: [] };
    return {
      consistent: consistent ?? none,
      complete: complete ?? none,
      existed_at: existed_at ?? none,
      paired: paired ?? none,
    };
  }

  #verdict(name: VerdictName): VerdictReport {
    const failed = this.#failed.get(name);
    const unchecked = this.#unchecked.get(name);
    const summary = this.#summaries.get(name) ?? "";
    if (failed !== undefined) return { verdict: "FAIL", summary: "", reasons: shorten(failed) };
    if (unchecked !== undefined) return { verdict: "NOT CHECKED", summary: "", reasons: shorten(unchecked) };
    return { verdict: "PASS", summary, reasons: [] };
  }
}

function push(lists: Map<VerdictName, string[]>, name: VerdictName, reason: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [reason]);
  else list.push(reason);
}

function shorten(reasons: readonly string[]): readonly string[] {
  if (reasons.length <= REASONS_MAX) return reasons;
  return [...reasons.slice(0, REASONS_MAX), `and ${reasons.length - REASONS_MAX} more`];
}

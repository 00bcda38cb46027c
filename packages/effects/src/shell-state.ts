/**
 * What a shell would know at one point of a script: variables, folder, functions, positional parameters.
 * Copied for subshells and branches, merged after them: what differs between branches is unknown.
 */
import type { Function as ShellFunction } from "unbash";
import type { Field } from "./field.ts";

export interface ShellState {
  /** Value of a variable set here; undefined value: set to something unknown. Absent: comes from the environment. */
  readonly vars: Map<string, string | undefined>;
  readonly functions: Map<string, ShellFunction>;
  /** Names of functions whose bodies are being walked: a call of one of them is a recursion. */
  readonly calling: readonly string[];
  readonly positional: readonly Field[] | undefined;
  /** Folder relative to where the command starts, absolute, or `~…`; undefined when not known. */
  cwd: string | undefined;
}

export function createState(): ShellState {
  return { vars: new Map(), functions: new Map(), calling: [], positional: undefined, cwd: "" };
}

export function copyState(
  state: ShellState,
  changes: Partial<Pick<ShellState, "calling" | "positional">> = {},
): ShellState {
  return { ...state, ...changes, vars: new Map(state.vars), functions: new Map(state.functions) };
}

/** Afterwards `state` holds what is true whichever of the branches ran. */
export function mergeInto(state: ShellState, branches: readonly ShellState[]): void {
  const names = new Set(branches.flatMap((branch) => [...branch.vars.keys()]));
  for (const name of names) {
    const values = new Set(branches.map((branch) => (branch.vars.has(name) ? branch.vars.get(name) : undefined)));
    state.vars.set(name, values.size === 1 ? [...values][0] : undefined);
  }
  const folders = new Set(branches.map((branch) => branch.cwd));
  state.cwd = folders.size === 1 ? [...folders][0] : undefined;
  for (const branch of branches) {
    for (const [name, body] of branch.functions) state.functions.set(name, body);
  }
}

/** A state of its own with new positional parameters, whatever was done to the old ones. */
export function withPositional(state: ShellState, positional: readonly Field[], calling = state.calling): ShellState {
  const inner = copyState(state, { positional, calling });
  for (const name of POSITIONAL_NAMES) inner.vars.delete(name);
  return inner;
}

/** After `shift` or `set --` nobody keeps count of them. */
export function forgetPositional(state: ShellState): void {
  for (const name of POSITIONAL_NAMES) state.vars.set(name, undefined);
}

const POSITIONAL_NAMES = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "@", "*"];

/** After code that cannot be seen (`eval "$x"`, `source file`) nothing is known. */
export function forgetEverything(state: ShellState): void {
  for (const name of state.vars.keys()) state.vars.set(name, undefined);
  state.cwd = undefined;
}

/** One simple command ready to be described: its words, where it runs, and how to describe what it runs in turn. */
import type { Statement } from "./effect-collector.ts";
import type { Field, Stdin } from "./field.ts";
import type { ShellState } from "./shell-state.ts";

export interface Invocation {
  /** Base name of the program. */
  readonly name: string;
  /** Words after the name. */
  readonly args: readonly Field[];
  readonly stdin: Stdin;
  readonly state: ShellState;
  /** States an effect of this command; words, tool and folder are filled in. */
  readonly emit: (statement: Omit<Statement, "cwd"> & { readonly cwd?: string | undefined }) => void;
  /** Says that this command cannot be understood. */
  readonly emitUnknown: (reason: string) => void;
  /** Describes a command that this one runs: its words, name first. */
  readonly runWords: (words: readonly Field[], stdin?: Stdin) => void;
  /** Describes shell text that this one runs; `same` shares variables and folder, `sub` has its own copy. */
  readonly runScript: (text: string, scope: "same" | "sub", positional?: readonly Field[]) => void;
}

export type CommandHandler = (invocation: Invocation) => void;

/** Any word that may be anything at all. */
export function hasDynamic(fields: readonly Field[]): boolean {
  return fields.some((field) => field.dynamic !== false);
}

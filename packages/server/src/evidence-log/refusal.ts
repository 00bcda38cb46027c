/**
 * Why an evidence log refuses to open, with the exit code that tells an operator (and a supervisor) which it is.
 * A torn write is repaired and no reason; these two mean that acknowledged evidence is damaged or gone.
 */
import { AegisError } from "@aegisflow/core";

export type RefusalVerdict = "corrupt" | "rollback";

/** Of the process, by verdict; a log that fails while running ends it with `EXIT_LOG_FAILED`. */
const EXIT_CODES: Readonly<Record<RefusalVerdict, number>> = { corrupt: 78, rollback: 79 };
export const EXIT_LOG_FAILED = 70;

export class LogRefusal extends AegisError {
  readonly verdict: RefusalVerdict;
  readonly exitCode: number;

  constructor(verdict: RefusalVerdict, message: string) {
    super("corrupt", message);
    this.verdict = verdict;
    this.exitCode = EXIT_CODES[verdict];
  }
}

/** Acknowledged bytes are not what they were. */
export function corrupt(what: string): LogRefusal {
  return new LogRefusal("corrupt", `the evidence log is damaged: ${what}; restore it or run \`evidence recover\``);
}

/** The log ends before something that was signed or acknowledged. */
export function rolledBack(what: string): LogRefusal {
  return new LogRefusal("rollback", `the evidence log was set back: ${what}; restore it or run \`evidence recover\``);
}

/**
 * A shell command text to its typed effects. Parsed with the real grammar of bash; sees through pipelines, lists,
 * substitutions, functions, wrappers and `sh -c`. Never throws and always ends: what it cannot understand, or what
 * exceeds a limit, is an `unknown` effect, which no policy allows silently.
 */
import type { Capability, Effect } from "@aegisflow/core";
import { createCollector, type EffectCollector } from "./effect-collector.ts";
import type { PathWorld } from "./path-facts.ts";
import { createState } from "./shell-state.ts";
import { walkText } from "./walk-script.ts";

/** Longest command text looked at, in UTF-16 units. */
export const COMMAND_LENGTH_MAX = 64 * 1024;

export type DescribeOptions = PathWorld;

export interface CommandDescription {
  /** The strictest of the effects' capabilities. */
  readonly capability: Capability;
  /** At least one, unless the text holds no command at all. */
  readonly effects: readonly Effect[];
  /** Words of every simple command, wrappers and nested ones included, in the order they were met. */
  readonly commands: readonly (readonly string[])[];
  /** Why a part could not be understood. */
  readonly unknown?: string;
}

export function describeCommand(text: string, options: DescribeOptions = {}): CommandDescription {
  const collector = createCollector(options);
  if (text.length > COMMAND_LENGTH_MAX)
    collector.emitUnknown(`is longer than ${COMMAND_LENGTH_MAX} characters`, "shell.exec", []);
  else walkSafely(collector, text);
  const { effects, commands, unknown } = collector;
  const capability = strictestCapability(effects);
  return { capability, effects, commands, ...(unknown === undefined ? {} : { unknown }) };
}

function walkSafely(collector: EffectCollector, text: string): void {
  if (text.includes("\0") || /\p{Bidi_Control}/u.test(text))
    collector.emitUnknown("holds characters that hide what it says", "shell.exec", []);
  try {
    walkText(collector, text, createState(), 0);
  } catch {
    // Deep nesting can exhaust the stack; whatever it was, it was not understood.
    collector.emitUnknown("could not be analysed", "shell.exec", []);
  }
}

const STRICTNESS: readonly Capability[] = ["read", "write", "execute", "approve", "deploy", "delete", "unknown"];

export function strictestCapability(effects: readonly Effect[]): Capability {
  let strictest = 0;
  for (const { capability, kind } of effects) {
    strictest = Math.max(strictest, STRICTNESS.indexOf(kind === "unknown" ? "unknown" : (capability ?? "execute")));
  }
  return STRICTNESS[strictest] ?? "unknown";
}

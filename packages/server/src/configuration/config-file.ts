/** Reads a configuration file, and says in one error what is wrong with a configuration. */
import { readFileSync } from "node:fs";
import { AegisError, errorText } from "@aegisflow/core/errors";

/** Problems shown in one message: more than anyone reads at once. */
export const PROBLEMS_SHOWN_MAX = 50;

/**
 * @throws AegisError `config-invalid` when it cannot be read, or is empty: a file caught between two writes would
 * otherwise be a valid configuration without tenants.
 */
export function readConfigFile(path: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new AegisError("config-invalid", `\`${path}\` cannot be read: ${errorText(cause)}`, { cause });
  }
  if (text.trim() !== "") return text;
  throw new AegisError("config-invalid", `\`${path}\` is empty; write at least \`{}\` for a configuration of defaults`);
}

export function invalidConfiguration(problems: readonly string[]): AegisError {
  const more = problems.length - PROBLEMS_SHOWN_MAX;
  const lines = [...problems.slice(0, PROBLEMS_SHOWN_MAX), ...(more > 0 ? [`and ${more} more`] : [])];
  return new AegisError("config-invalid", lines.join("\n"));
}

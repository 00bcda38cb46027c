/** A configuration as YAML that parses to the same configuration: references to variables are escaped. */
import { stringify } from "yaml";
import { escapeVariables } from "./expand-variables.ts";

/** @param value plain data, such as a configuration or its redacted copy. */
export function printYaml(value: unknown): string {
  return stringify(escapeTexts(value), { lineWidth: 0, aliasDuplicateObjects: false });
}

function escapeTexts(value: unknown): unknown {
  if (typeof value === "string") return escapeVariables(value);
  if (Array.isArray(value)) return value.map(escapeTexts);
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(present.map(([key, item]) => [key, escapeTexts(item)]));
}

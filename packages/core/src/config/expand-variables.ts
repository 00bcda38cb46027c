/**
 * `${VAR}` and `${VAR:-default}` in text values. It happens after YAML was parsed, on one text at a time, so that a
 * variable can never add keys or structure. `$${` stands for `${` itself.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Longest text after expansion, in characters: a variable is a value, not a document. */
export const EXPANDED_LENGTH_MAX = 64 * 1024;

export type Expansion =
  | { readonly kind: "text"; readonly text: string; readonly usesVariables: boolean }
  | { readonly kind: "bad"; readonly message: string };

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** Replaces every reference of a text; the first one that cannot be replaced is what comes back. */
export function expandVariables(text: string, env: Environment): Expansion {
  if (!text.includes("${")) return { kind: "text", text, usesVariables: false };
  let usesVariables = false;
  let problem: string | undefined;
  const expanded = text.replace(REFERENCE, (match: string, inside: string | undefined, close: string | undefined) => {
    if (match === "$${") return "${";
    usesVariables = true;
    const result = lookUp(inside ?? "", close === "}", env);
    if ("message" in result) problem ??= result.message;
    return "text" in result ? result.text : "";
  });
  if (problem !== undefined) return { kind: "bad", message: problem };
  if (expanded.length > EXPANDED_LENGTH_MAX) {
    return {
      kind: "bad",
      message: `is longer than ${EXPANDED_LENGTH_MAX} characters once its variables are filled in; shorten them`,
    };
  }
  return { kind: "text", text: expanded, usesVariables };
}

/** Writes a text so that expansion gives it back. */
export function escapeVariables(text: string): string {
  return text.replaceAll("${", () => "$${");
}

const ADVICE = `write \`\${NAME}\` or \`\${NAME:-default}\`, or \`$\${\` for the characters themselves`;

type LookUp = { readonly text: string } | { readonly message: string };

function lookUp(inside: string, closed: boolean, env: Environment): LookUp {
  if (!closed) return { message: `a variable reference is never closed; ${ADVICE}` };
  const parts = NAME_AND_DEFAULT.exec(inside);
  const [, name, fallback] = parts ?? [];
  if (name === undefined) {
    return { message: `\`\${${inside.slice(0, 60)}}\` is not a variable reference; ${ADVICE}` };
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return { text: value === undefined || value === "" ? fallback : value };
  if (value === undefined) {
    return { message: `environment variable "${name}" is not set; set it or write \`\${${name}:-default}\`` };
  }
  return { text: value };
}

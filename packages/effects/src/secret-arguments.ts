/** Secrets that a program is handed by name: `--env-file .env`, `--key=~/.ssh/id_rsa`, `@/etc/shadow`. */
import type { Field } from "./field.ts";
import type { Invocation } from "./invocation.ts";
import { isSecretPath } from "./secret-paths.ts";

export function emitSecretArguments(invocation: Invocation): void {
  const secrets = invocation.args
    .map(afterEquals)
    .filter(({ text, glob }) => !text.startsWith("-") && /[./]/.test(text) && isSecretPath(text, glob));
  if (secrets.length > 0) invocation.emit({ kind: "read", capability: "read", paths: secrets });
}

/** `--key=/path` and `@/path` hide a path behind a few characters. */
function afterEquals(field: Field): Field {
  const text = field.text.replace(/^-{0,2}[\w-]*=@?|^@/, "");
  return text === field.text ? field : { ...field, text, tilde: text.startsWith("~") };
}

/**
 * `git push`: which refs change, whether history is overwritten or a ref is deleted. A `+` before a refspec, `-f`,
 * `--force-with-lease`, `--mirror` and their abbreviations all force; `:ref` and `--delete` delete.
 */
import type { Field } from "./field.ts";
import { hasDynamic, type Invocation } from "./invocation.ts";
import { optionSet, scanOptions } from "./scan-options.ts";

const VALUES = optionSet("-o --push-option --repo --receive-pack --exec");
const KNOWN = optionSet(
  "--all --branches --prune --mirror --delete --tags --follow-tags --no-follow-tags --signed --no-signed --atomic --no-atomic --force --no-force --force-with-lease --no-force-with-lease --force-if-includes --no-force-if-includes --set-upstream --thin --no-thin --quiet --verbose --progress --no-progress --no-verify --verify --dry-run --porcelain --ipv4 --ipv6 --recurse-submodules --no-recurse-submodules",
);

export function describePush(invocation: Invocation, elsewhere: readonly string[]): void {
  const { options, operands, doubtful } = scanOptions(invocation.args, { values: VALUES, known: KNOWN });
  const names = new Set(options.map(({ name }) => name));
  const [remote, ...specs] = operands;
  const refspecs = specs.map(({ text }) => text);
  const facts = pushFacts(names, refspecs);
  const refs = refspecs.flatMap((spec) => destination(spec));
  const force = facts.includes("force");
  const deletes = facts.includes("delete");
  const rest = invocation.args
    .filter(({ text }) => !/^-[a-z]*[fd][a-z]*$|^--(?:fo\w*|force[\w-]*(?:=.*)?|delete)$/.test(text))
    .map(({ text }) => text.replace(/^\+/, ""));
  const argv = ["git", "push", ...(force ? ["--force"] : []), ...(deletes ? ["--delete"] : []), ...rest];
  const hosts = remote === undefined ? [] : hostOfRemote(remote);
  const flags = [...facts, ...elsewhere];
  invocation.emit({
    kind: "vcs",
    capability: deletes ? "delete" : "deploy",
    operation: "git.push",
    argv,
    refs,
    hosts,
    flags,
  });
  if (names.has("--receive-pack") || names.has("--exec") || remote?.text.startsWith("ext::") === true)
    invocation.emitUnknown("`git push` is given a program to run");
  if (doubtful || hasDynamic(operands)) invocation.emitUnknown("what is pushed, or where to, is not known");
}

function pushFacts(names: ReadonlySet<string>, refspecs: readonly string[]): string[] {
  const has = (...options: readonly string[]): boolean => options.some((option) => names.has(option));
  const facts: string[] = [];
  if (
    has("-f", "--force", "--force-with-lease", "--force-if-includes", "--mirror") ||
    refspecs.some((spec) => spec.startsWith("+"))
  )
    facts.push("force");
  if (has("-d", "--delete", "--mirror", "--prune") || refspecs.some((spec) => /^\+?:.+/.test(spec)))
    facts.push("delete");
  if (has("--force-with-lease")) facts.push("with-lease");
  if (has("--all", "--branches", "--mirror")) facts.push("all-refs");
  if (has("--tags", "--follow-tags")) facts.push("tags");
  if (has("--no-verify")) facts.push("no-verify");
  if (has("-n", "--dry-run")) facts.push("dry-run");
  if (refspecs.length === 0) facts.push("default-refs");
  return facts;
}

/** `src:dst` changes `dst`, `dst` itself, `:` matches all. */
function destination(spec: string): string[] {
  const plain = spec.replace(/^\+/, "");
  const colon = plain.indexOf(":");
  const ref = colon < 0 ? plain : plain.slice(colon + 1);
  return ref === "" ? [] : [ref.replace(/^refs\/heads\//, "")];
}

function hostOfRemote({ text }: Field): string[] {
  const found = /^(?:[a-z+]+:\/\/(?:[^/@]*@)?|[^/@:]+@)([^/:]+)/i.exec(text);
  return found?.[1] === undefined ? [] : [found[1].toLowerCase()];
}

/**
 * The names of one thing: as the upstream calls it, as clients see it, and as rules see it. Rules see the namespace
 * the operator chose; an upstream cannot borrow another one's namespace by putting a dot into its tool's name. Pure.
 */
import { globLiterals } from "@aegisflow/core/policy/glob";
import type { GateUpstream } from "../gate-upstream.ts";

/** What clients of every era take for a name, and nothing that reads like another one. */
const NAME = /^[A-Za-z0-9_.\-/:]{1,128}$/;

export function isServableName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

export function exposedNameOf(gate: GateUpstream, name: string): string {
  return gate.prefix + name;
}

/**
 * `github.create_issue`: namespace, dot, name. The namespace is the prefix without its last separators, else the
 * upstream's name. A name that already begins with it keeps it, and so does one whose namespace the operator wrote
 * into `tools` (`tools: ["github.*"]`).
 */
export function policyNameOf(gate: GateUpstream, name: string): string {
  const namespace = gate.prefix.replace(/[._-]+$/, "") || gate.upstream.name;
  const own = name.slice(0, name.indexOf(".") + 1);
  if (own === `${namespace}.`) return name;
  if (own !== "" && gate.prefix === "" && gate.tools.some((glob) => namesNamespace(glob, own))) return name;
  return `${namespace}.${name}`;
}

function namesNamespace(glob: string, namespace: string): boolean {
  return globLiterals(glob).some(({ prefix }) => prefix.startsWith(namespace));
}

/**
 * Whether no action can have what a rule asks for, because what rules see is brought into one form first: paths have
 * no `..` inside, hosts have no scheme, tools of the shell have a dot in their names. Sound: undefined when in doubt.
 */
import type { Protocol } from "../action/action.ts";
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import { globLiterals } from "./glob.ts";

/** Why nothing can match, in words that say what to write instead; undefined when something may. */
export function neverMatches({ protocol, tool, paths, hosts, refs }: ToolRuleConfig): string | undefined {
  if (tool !== undefined) {
    const problem = toolProblem(tool, protocol);
    if (problem !== undefined) return problem;
  }
  if (paths?.every(isUnreachablePath)) {
    return "paths are compared without `//`, `/./` and `/../`; write the path that it leads to";
  }
  if (hosts?.every((host) => /[/@]/.test(host)))
    return "`hosts` are names such as `api.example.com`; remove the scheme, user and path";
  if (refs?.every((ref) => /\s/.test(ref)))
    return "`refs` are names such as `main` or `refs/tags/v1`; no name holds a blank";
  return undefined;
}

/** What the gates of these protocols put before the dot. */
const NAMESPACED: ReadonlySet<Protocol | undefined> = new Set(["shell", "sql", "http"]);

function toolProblem(tool: string, protocol: Protocol | undefined): string | undefined {
  const alternatives = globLiterals(tool);
  const names = alternatives.flatMap(({ literal }) => (literal === undefined ? [] : [literal]));
  if (names.length === 0 || names.length < alternatives.length) return undefined;
  if (names.every((name) => name !== name.trim())) return "tool names have no blanks around them; remove them";
  if (NAMESPACED.has(protocol) && names.every((name) => !name.includes("."))) {
    return `tools of protocol \`${protocol}\` are named \`${protocol}.${names[0]}\`; write the name in full`;
  }
  return undefined;
}

function isUnreachablePath(pattern: string): boolean {
  return !/[\\{[]/.test(pattern) && /\/\/|\/\.\/|[^./]\/\.\.(?:\/|$)/.test(pattern) && !pattern.startsWith("file://");
}

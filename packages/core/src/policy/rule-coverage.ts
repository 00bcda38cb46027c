/**
 * Whether a rule matches every operation that another rule matches. Sound, not complete: "true" is a proof. What makes
 * it more than comparing globs: an allow asks for more than a review or block with the same words (every path and
 * not some path, own names only, a command word by word), so a loose rule may reach what a strict one before it does not.
 */
import type { ToolRuleConfig } from "../config/policy-schema.ts";
import { globLiterals } from "./glob.ts";
import { includesGlob, isAnyGlob } from "./glob-inclusion.ts";
import { inHomes, looksLikePath, lowerOrigin, plainPathGlob } from "./rule-target.ts";

export interface CoverageOptions {
  /**
   * Leave command lines out: a target glob means other things there for an allow than for a block, so that a proof for
   * every kind of target is often impossible.
   */
  readonly ignoreCommands?: boolean;
}

/** @param wide stands before `narrow`. */
export function coversRule(wide: ToolRuleConfig, narrow: ToolRuleConfig, options: CoverageOptions = {}): boolean {
  return (
    coversWord(wide.protocol, narrow.protocol) &&
    coversWord(wide.capability, narrow.capability) &&
    coversTool(wide, narrow) &&
    coversTarget(wide, narrow, options.ignoreCommands === true) &&
    coversEffects(wide.effects, narrow.effects) &&
    (["paths", "refs", "hosts", "tables"] as const).every((key) => coversList(key, wide, narrow)) &&
    (["flags", "actor", "tenant", "environment"] as const).every((key) => coversGlobs(wide[key], narrow[key])) &&
    coversArguments(wide, narrow)
  );
}

function coversWord(wide: string | undefined, narrow: string | undefined): boolean {
  return wide === undefined || wide === narrow;
}

/** An allow sees only the names an operation has of its own; the other one is always of a `shell.` entrance. */
function coversTool(wide: ToolRuleConfig, narrow: ToolRuleConfig): boolean {
  if (isAnyGlob(wide.tool)) return true;
  if (wide.tool === undefined || narrow.tool === undefined || !includesGlob(wide.tool, narrow.tool, "text"))
    return false;
  if (wide.decision !== "allow" || narrow.decision === "allow") return true;
  return !mayBeginWith(narrow.tool, "shell.");
}

function mayBeginWith(pattern: string, start: string): boolean {
  const prefixes = globLiterals(pattern).map(({ prefix }) => prefix);
  return prefixes.length === 0 || prefixes.some((prefix) => prefix.startsWith(start) || start.startsWith(prefix));
}

function coversTarget(wide: ToolRuleConfig, narrow: ToolRuleConfig, ignoreCommands: boolean): boolean {
  if (isAnyGlob(wide.target)) return true;
  if (wide.target === undefined || narrow.target === undefined) return false;
  if (!coversSimpleTarget(wide.target, narrow.target)) return false;
  return ignoreCommands || coversCommand(wide, narrow, wide.target, narrow.target);
}

/** In every form in which a target that is no command may be compared. */
function coversSimpleTarget(wide: string, narrow: string): boolean {
  return (
    includesPath(wide, narrow) &&
    includesGlob(wide, narrow, "text") &&
    includesGlob(wide.toLowerCase(), narrow.toLowerCase(), "text") &&
    includesGlob(lowerOrigin(wide), lowerOrigin(narrow), "text")
  );
}

function coversCommand(
  wide: ToolRuleConfig,
  narrow: ToolRuleConfig,
  wideTarget: string,
  narrowTarget: string,
): boolean {
  const [wideAllows, narrowAllows] = [wide.decision === "allow", narrow.decision === "allow"];
  if (wideAllows !== narrowAllows) return false;
  if (wideTarget === narrowTarget) return true;
  if (wideAllows) return false;
  if (!looksLikePath(narrowTarget)) return true;
  return looksLikePath(wideTarget) && includesPath(wideTarget, narrowTarget);
}

/** `~/` also stands for the usual homes. */
function includesPath(wide: string, narrow: string): boolean {
  const [wider, narrower] = [plainPathGlob(wide), plainPathGlob(narrow)];
  if (!includesGlob(wider, narrower, "path")) return false;
  if (!narrower.startsWith("~/")) return true;
  return includesGlob(wider.startsWith("~/") ? inHomes(wider) : wider, inHomes(narrower), "path");
}

function coversEffects(wide: ToolRuleConfig["effects"], narrow: ToolRuleConfig["effects"]): boolean {
  return wide === undefined || (narrow?.every((kind) => wide.includes(kind)) ?? false);
}

type ListKey = "paths" | "refs" | "hosts" | "tables";

function coversList(key: ListKey, wide: ToolRuleConfig, narrow: ToolRuleConfig): boolean {
  const [wides, narrows] = [wide[key], narrow[key]];
  if (wides === undefined) return true;
  if (narrows === undefined) return false;
  // "Every value" is only proven by "every value", or by a glob that takes any value.
  if (wide.decision === "allow" && narrow.decision !== "allow") return wides.some((pattern) => pattern === "**");
  return narrows.every((pattern) => wides.some((other) => includesInList(key, other, pattern)));
}

function includesInList(key: ListKey, wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  switch (key) {
    case "paths":
      return includesPath(wide, narrow);
    case "hosts":
      return includesGlob(wide.toLowerCase(), narrow.toLowerCase(), "text");
    case "refs":
      return wide.startsWith("refs/") === narrow.startsWith("refs/") && includesGlob(wide, narrow, "text");
    case "tables":
      return (
        !wide.includes("/") &&
        wide.includes(".") === narrow.includes(".") &&
        includesGlob(wide.toLowerCase(), narrow.toLowerCase(), "text")
      );
  }
}

function coversGlobs(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  return narrow.every((pattern) => wide.some((other) => includesGlob(other, pattern, "text")));
}

function coversArguments(wide: ToolRuleConfig, narrow: ToolRuleConfig): boolean {
  if (wide.args === undefined) return true;
  if (wide.decision === "allow" && narrow.decision !== "allow") return false;
  return Object.entries(wide.args).every(([path, accepted]) => {
    const narrows = narrow.args !== undefined && Object.hasOwn(narrow.args, path) ? narrow.args[path] : undefined;
    return narrows?.every((value) => accepted.some((other) => includesValue(other, value))) ?? false;
  });
}

function includesValue(wide: string | number | boolean, narrow: string | number | boolean): boolean {
  if (typeof wide === "string" && typeof narrow === "string") return includesGlob(wide, narrow, "text");
  return wide === narrow;
}

/**
 * Compiles a rule's `target` glob for each kind of target it may meet. What stands for less freedom differs by
 * direction: to review or block, any form of the target and any touched path is enough; to allow, the operation
 * itself must match, word by word, and every path it touches.
 */

import type { TargetKind } from "../action/action.ts";
import { assertNever } from "../errors.ts";
import type { ActionView } from "./action-view.ts";
import { compileGlob, type GlobMatcher } from "./glob.ts";
import { compileSequence } from "./glob-sequence.ts";

export type TargetTest = (view: ActionView) => boolean;

/** Matchers are compiled when a kind is first met: a rule usually meets one. */
export function compileTarget(pattern: string, allows: boolean): TargetTest {
  const tests = new Map<TargetKind, TargetTest>();
  return (view) => {
    let test = tests.get(view.targetKind);
    if (test === undefined) {
      test = compileKind(pattern, view.targetKind, allows);
      tests.set(view.targetKind, test);
    }
    return test(view);
  };
}

function compileKind(pattern: string, kind: TargetKind, allows: boolean): TargetTest {
  switch (kind) {
    case "path":
      return firstForm(compilePathGlob(pattern));
    case "command":
      return allows ? compileAllowedCommand(pattern) : compileStoppedCommand(pattern);
    case "url":
      return firstForm(compileGlob(lowerOrigin(pattern), "text"));
    case "repo":
    case "sql":
    case "text":
      return firstForm(compileGlob(pattern.toLowerCase(), "text"));
    case "name":
      return firstForm(compileGlob(pattern, "text"));
    default:
      return assertNever(kind, "target kind");
  }
}

function firstForm(matches: GlobMatcher): TargetTest {
  return (view) => matches(view.targets.at(-1) ?? "");
}

/** A glob on paths in the form that `normalizePath` gives; `~/` also stands for the usual homes. */
export function compilePathGlob(pattern: string): GlobMatcher {
  const plain = plainPathGlob(pattern);
  const matches = compileGlob(plain, "path");
  if (!plain.startsWith("~/")) return matches;
  const homes = compileGlob(inHomes(plain), "path");
  return (path) => matches(path) || homes(path);
}

/** `~/x` with the usual homes in place of `~`. */
export function inHomes(pattern: string): string {
  return `{/home/*,/Users/*,/root}${pattern.slice(1)}`;
}

/** Without a leading `./` and a trailing slash, as `normalizePath` leaves paths. */
export function plainPathGlob(pattern: string): string {
  return pattern.replace(/^(?:\.\/)+(?=.)/, "").replace(/(?<=[^/\\])\/+$/, "");
}

function compileStoppedCommand(pattern: string): TargetTest {
  const inText = compileGlob(pattern, "text");
  const onPath = looksLikePath(pattern) ? compilePathGlob(pattern) : undefined;
  return ({ targets, paths }) => targets.some(inText) || (onPath !== undefined && paths.some(onPath));
}

/**
 * Word by word: `*` stays in its word, a word that is only stars stands for any words, and a star that ends the
 * first or second word (`git status*`) also stands for the words after it. So `git push origin feat/*` does not
 * allow `git push origin feat/x main`.
 */
function compileAllowedCommand(pattern: string): TargetTest {
  const words = splitWords(pattern).map((word) => (/^\*+$/.test(word) ? "any" : compileGlob(word, "text")));
  const open = words.length <= 2 && words.at(-1) !== "any" && /[^\\]\*$/.test(pattern);
  const matchesWords = compileSequence(open ? [...words, "any"] : words);
  const onPath = looksLikePath(pattern) ? compilePathGlob(pattern) : undefined;
  const exact = /[*?[{\\]/.test(pattern) ? undefined : pattern;
  return ({ argv, targets, paths }) => {
    if (onPath !== undefined && paths.length > 0 && paths.every(onPath)) return true;
    if (exact !== undefined && targets.at(-1) === exact) return true;
    return matchesWords(argv ?? splitWords(targets[0] ?? ""));
  };
}

/** Blanks inside braces or classes do not separate words. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? "";
    if (char === "\\") {
      word += char + (text[index + 1] ?? "");
      index += 1;
      continue;
    }
    if (char === "{" || char === "[") depth += 1;
    if (char === "}" || char === "]") depth -= 1;
    if (char === " " && depth <= 0) {
      if (word !== "") words.push(word);
      word = "";
    } else word += char;
  }
  return word === "" ? words : [...words, word];
}

/** Shell rules are written on command lines and on paths alike: `**` + `/.ssh/*`, `/etc/shadow`, `*.pem`. */
export function looksLikePath(pattern: string): boolean {
  return !pattern.includes(" ") && (pattern.includes("/") || /^(?:[~.]|\*+\.)/.test(pattern));
}

/** Scheme and host are caseless; the path is not. */
export function lowerOrigin(pattern: string): string {
  const origin = /^[^/]*:\/\/[^/]*/.exec(pattern)?.[0] ?? "";
  return origin.toLowerCase() + pattern.slice(origin.length);
}

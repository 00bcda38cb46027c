/**
 * Matches a list of parts (path segments, words) against a list of matchers, where "any" stands for any number of
 * parts. Between two "any" the leftmost fit is as good as any other, so nothing is tried twice.
 */
import type { RunMatcher } from "./glob-runs.ts";

export function compileSequence(matchers: readonly (RunMatcher | "any")[]): (parts: readonly string[]) => boolean {
  const runs: RunMatcher[][] = [[]];
  for (const matcher of matchers) {
    if (matcher === "any") runs.push([]);
    else runs.at(-1)?.push(matcher);
  }
  const [head = [], ...middle] = runs;
  const tail = middle.pop();
  if (tail === undefined) return (parts) => parts.length === head.length && matchesAt(head, parts, 0);
  return (parts) => {
    if (head.length + tail.length > parts.length || !matchesAt(head, parts, 0)) return false;
    const end = parts.length - tail.length;
    return findInOrder(middle, parts, head.length, end) && matchesAt(tail, parts, end);
  };
}

function findInOrder(runs: readonly RunMatcher[][], parts: readonly string[], start: number, end: number): boolean {
  let at = start;
  for (const run of runs) {
    while (at + run.length <= end && !matchesAt(run, parts, at)) at += 1;
    if (at + run.length > end) return false;
    at += run.length;
  }
  return true;
}

function matchesAt(run: readonly RunMatcher[], parts: readonly string[], at: number): boolean {
  for (let index = 0; index < run.length; index += 1) {
    const part = parts[at + index];
    if (part === undefined || run[index]?.(part) !== true) return false;
  }
  return true;
}

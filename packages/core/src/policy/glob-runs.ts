/**
 * Matches a token list in which every star takes anything: the text between two stars is found leftmost-first, which
 * is exact because a star takes whatever is left over. Works on code points where a token needs one.
 */
import type { GlobToken } from "./glob-pattern.ts";

export type RunMatcher = (text: string) => boolean;

/** Tokens between two stars. */
type Run = readonly Exclude<GlobToken, { readonly kind: "star" | "double-star" }>[];

export function compileRuns(tokens: readonly GlobToken[]): RunMatcher {
  const runs = splitAtStars(tokens);
  const [head = [], ...middle] = runs;
  const tail = middle.pop();
  if (runs.every((run) => run.length === 0 || isLiteralRun(run))) {
    return compileLiterals(literalOf(head), middle.map(literalOf), tail === undefined ? undefined : literalOf(tail));
  }
  return (text) => {
    const start = matchForward(head, text, 0);
    if (start < 0) return false;
    if (tail === undefined) return start === text.length;
    const end = matchBackward(tail, text);
    return end >= start && findInOrder(middle, text, start, end);
  };
}

function splitAtStars(tokens: readonly GlobToken[]): Run[] {
  const runs: Run[number][][] = [[]];
  for (const token of tokens) {
    if (token.kind === "star" || token.kind === "double-star") runs.push([]);
    else runs.at(-1)?.push(token);
  }
  return runs;
}

function isLiteralRun(run: Run): boolean {
  return run.every((token) => token.kind === "literal");
}

function literalOf(run: Run): string {
  return run.map((token) => (token.kind === "literal" ? token.text : "")).join("");
}

function compileLiterals(head: string, middle: readonly string[], tail: string | undefined): RunMatcher {
  if (tail === undefined) return (text) => text === head;
  const inner = middle.filter((piece) => piece !== "");
  const lengthMin = head.length + tail.length;
  if (inner.length === 0) return (text) => text.length >= lengthMin && text.startsWith(head) && text.endsWith(tail);
  return (text) => {
    if (text.length < lengthMin || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - tail.length;
  };
}

function findInOrder(runs: readonly Run[], text: string, start: number, end: number): boolean {
  let at = start;
  for (const run of runs) {
    let found = matchForward(run, text, at);
    while (found < 0 && at < end) {
      at += widthAt(text, at);
      found = matchForward(run, text, at);
    }
    if (found < 0 || found > end) return false;
    at = found;
  }
  return true;
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Where the run ends when it begins at `at`, or -1. */
function matchForward(run: Run, text: string, at: number): number {
  let position = at;
  for (const token of run) {
    if (token.kind === "literal") {
      if (!text.startsWith(token.text, position)) return -1;
      position += token.text.length;
      continue;
    }
    const code = text.codePointAt(position);
    if (code === undefined || !acceptsCode(token, code)) return -1;
    position += code > 0xffff ? 2 : 1;
  }
  return position;
}

/** Where the run begins when it ends at the end of the text, or -1. */
function matchBackward(run: Run, text: string): number {
  let position = text.length;
  for (let index = run.length - 1; index >= 0; index -= 1) {
    const token = run[index];
    if (token === undefined) return -1;
    if (token.kind === "literal") {
      if (!text.endsWith(token.text, position)) return -1;
      position -= token.text.length;
      continue;
    }
    if (position === 0) return -1;
    const pair = position >= 2 && (text.codePointAt(position - 2) ?? 0) > 0xffff;
    position -= pair ? 2 : 1;
    if (!acceptsCode(token, text.codePointAt(position) ?? 0)) return -1;
  }
  return position;
}

function acceptsCode(token: Exclude<Run[number], { readonly kind: "literal" }>, code: number): boolean {
  if (token.kind === "one") return true;
  return token.ranges.some(([low, high]) => code >= low && code <= high) !== token.negated;
}

/**
 * Globs with the doublestar meaning users of the reference product know, matched in time O(pattern x text):
 * no regular expressions, no backtracking over stars. In mode "path" `*`, `?` and `[class]` stop at `/` and `**` is a
 * whole segment or else a plain `*`; in mode "text" they cross `/`. No dotfile special case, case-sensitive.
 */
import { AegisError } from "../errors.ts";
import { type GlobToken, parseGlob } from "./glob-pattern.ts";
import { compileRuns } from "./glob-runs.ts";
import { compileSequence } from "./glob-sequence.ts";

export type GlobMode = "path" | "text";
export type GlobMatcher = (text: string) => boolean;

/** What is wrong with the pattern, in words that follow "the glob is ..."; undefined when it is fine. */
export function validateGlob(pattern: string): string | undefined {
  const parsed = parseGlob(pattern);
  return parsed.kind === "bad" ? parsed.message : undefined;
}

/**
 * Compiles once, matches often. An empty pattern matches only the empty text: "any" is the caller's word for an
 * absent field.
 * @throws AegisError `config-invalid` on a bad pattern.
 */
export function compileGlob(pattern: string, mode: GlobMode): GlobMatcher {
  const parsed = parseGlob(pattern);
  if (parsed.kind === "bad") throw new AegisError("config-invalid", `glob \`${pattern}\`: ${parsed.message}`);
  const matchers = parsed.alternatives.flatMap((tokens) =>
    mode === "path" ? [compilePath(tokens)] : withOptionalSegments(splitSegments(tokens)).map(compileRuns),
  );
  const [only] = matchers;
  if (only !== undefined && matchers.length === 1) return only;
  return (text) => matchers.some((matches) => matches(text));
}

/** The pattern's fixed text when it has no wildcard, and the fixed text it begins with; per alternative. */
export function globLiterals(pattern: string): readonly { readonly literal?: string; readonly prefix: string }[] {
  const parsed = parseGlob(pattern);
  if (parsed.kind === "bad") return [];
  return parsed.alternatives.map((tokens) => {
    const [first, ...rest] = tokens;
    if (first === undefined) return { literal: "", prefix: "" };
    if (first.kind !== "literal") return { prefix: "" };
    return rest.length === 0 ? { literal: first.text, prefix: first.text } : { prefix: first.text };
  });
}

/** The tokens between two `/` of a pattern. */
export type GlobSegment = readonly GlobToken[];
type Segment = GlobSegment;
const SLASH: GlobToken = { kind: "literal", text: "/" };

/** Cuts at every `/` of the literals, so that a segment's tokens never hold one. */
export function splitSegments(tokens: readonly GlobToken[]): Segment[] {
  const segments: GlobToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind !== "literal") {
      segments.at(-1)?.push(token);
      continue;
    }
    for (const [index, text] of token.text.split("/").entries()) {
      if (index > 0) segments.push([]);
      if (text !== "") segments.at(-1)?.push({ kind: "literal", text });
    }
  }
  return segments;
}

export function isGlobstar(segment: Segment): boolean {
  return segment.length === 1 && segment[0]?.kind === "double-star";
}

function compilePath(tokens: readonly GlobToken[]): GlobMatcher {
  const segments = splitSegments(tokens);
  const [only] = segments;
  if (only !== undefined && segments.length === 1 && !isGlobstar(only)) {
    const matches = compileRuns(only);
    return (text) => matches(text) && !text.includes("/");
  }
  const matches = compileSequence(segments.map((segment) => (isGlobstar(segment) ? "any" : compileRuns(segment))));
  return (text) => matches(text.split("/"));
}

/** In text a `**` segment may also be absent together with its slash: `**` + `/x` is `x` or `*` + `/x`. */
export function withOptionalSegments(segments: readonly Segment[]): GlobToken[][] {
  let choices: Segment[][] = [[]];
  for (const segment of segments) {
    const kept = choices.map((choice) => [...choice, segment]);
    choices = isGlobstar(segment) && segments.length > 1 ? [...kept, ...choices] : kept;
  }
  return choices.map(joinSegments);
}

function joinSegments(segments: readonly Segment[]): GlobToken[] {
  return segments.flatMap((segment, index) => (index === 0 ? segment : [SLASH, ...segment]));
}

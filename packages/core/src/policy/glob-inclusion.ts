/**
 * Whether one glob matches everything that another matches. Sound, not complete: "true" is a proof, "false" means
 * that no proof was found (`[ab]*` against `{a,b}*`). The linter must never call a rule dead that is alive.
 */
import { type GlobMode, type GlobSegment, isGlobstar, splitSegments, withOptionalSegments } from "./glob.ts";
import { type GlobToken, parseGlob } from "./glob-pattern.ts";

/** Every text that `narrow` matches is matched by `wide`, in the given mode. */
export function includesGlob(wide: string, narrow: string, mode: GlobMode): boolean {
  if (wide === narrow) return true;
  if (!agree(wide.split(META, 1)[0] ?? "", narrow.split(META, 1)[0] ?? "")) return false;
  const [wides, narrows] = [formsOf(wide, mode), formsOf(narrow, mode)];
  return narrows.length > 0 && narrows.every((form) => wides.some((other) => includesForm(other, form)));
}

/** Where the fixed text of a pattern may end. */
const META = /[*?[{\\]/;

/** Most pairs of globs differ in their first letters: seen without parsing either. */
function agree(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** A pattern matches anything when it is nothing but stars that cross every `/`. */
export function isAnyGlob(pattern: string | undefined): boolean {
  return pattern === undefined || pattern === "" || /^(?:\*|\*\*|\*\*\/\*\*)$/.test(pattern);
}

/** In text one list of tokens; in a path one list of segments, where "any" is any number of segments. */
type Form =
  | { readonly kind: "text"; readonly tokens: readonly GlobToken[] }
  | { readonly kind: "path"; readonly segments: readonly (GlobSegment | "any")[] };

function formsOf(pattern: string, mode: GlobMode): readonly Form[] {
  const parsed = parseGlob(pattern);
  if (parsed.kind === "bad") return [];
  if (mode === "path") {
    return parsed.alternatives.map((tokens): Form => {
      const segments = splitSegments(tokens).map((segment) => (isGlobstar(segment) ? "any" : toCharacters(segment)));
      return { kind: "path", segments };
    });
  }
  return parsed.alternatives.flatMap((tokens) =>
    withOptionalSegments(splitSegments(tokens)).map((form): Form => ({ kind: "text", tokens: toCharacters(form) })),
  );
}

function includesForm(wide: Form, narrow: Form): boolean {
  if (wide.kind === "text" && narrow.kind === "text") return includesTokens(wide.tokens, narrow.tokens);
  if (wide.kind !== "path" || narrow.kind !== "path") return false;
  const isAny = (segment: GlobSegment | "any"): boolean => segment === "any";
  return absorbs(wide.segments, narrow.segments, isAny, (one, other) => {
    return one !== "any" && other !== "any" && includesTokens(one, other);
  });
}

function includesTokens(wide: readonly GlobToken[], narrow: readonly GlobToken[]): boolean {
  return absorbs(wide, narrow, isStar, includesToken);
}

/** Literals cut into single characters, so that `?` can be held against one of them. */
function toCharacters(tokens: readonly GlobToken[]): GlobToken[] {
  return tokens.flatMap((token) =>
    token.kind === "literal" ? Array.from(token.text, (text): GlobToken => ({ kind: "literal", text })) : [token],
  );
}

function isStar(token: GlobToken): boolean {
  return token.kind === "star" || token.kind === "double-star";
}

function includesToken(wide: GlobToken, narrow: GlobToken): boolean {
  if (isStar(wide) || isStar(narrow)) return false;
  if (wide.kind === "one") return true;
  if (wide.kind === "literal") return narrow.kind === "literal" && narrow.text === wide.text;
  if (wide.kind !== "class") return false;
  if (narrow.kind === "class") return JSON.stringify(narrow) === JSON.stringify(wide);
  const code = narrow.kind === "literal" ? narrow.text.codePointAt(0) : undefined;
  return code !== undefined && wide.ranges.some(([low, high]) => code >= low && code <= high) !== wide.negated;
}

/**
 * Whether `wide`, read as a pattern over the parts of `narrow`, matches all of them: a star takes any run of parts,
 * stars among them; every other part takes one part that it includes. Time O(wide x narrow).
 */
function absorbs<T>(
  wide: readonly T[],
  narrow: readonly T[],
  isAny: (part: T) => boolean,
  includes: (wide: T, narrow: T) => boolean,
): boolean {
  let reached = new Set<number>([0]);
  for (const part of wide) {
    const next = new Set<number>();
    if (isAny(part)) {
      const first = Math.min(...reached);
      for (let at = first; at <= narrow.length; at += 1) next.add(at);
    } else {
      for (const at of reached) {
        const other = narrow[at];
        if (other !== undefined && includes(part, other)) next.add(at + 1);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(narrow.length);
}

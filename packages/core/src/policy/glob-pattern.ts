/**
 * Reads a glob into tokens: braces are expanded (a bounded number of times), classes and escapes are resolved.
 * Says in words what is wrong with a bad pattern; a bad pattern is a load error, never a rule that silently misses.
 */

export type GlobToken =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "star" }
  /** `**`; whether it fills a whole segment is decided after expansion. */
  | { readonly kind: "double-star" };

export type GlobParse =
  | { readonly kind: "ok"; readonly alternatives: readonly (readonly GlobToken[])[] }
  | { readonly kind: "bad"; readonly message: string };

/** Longest pattern, in UTF-16 units: matching costs pattern x text at worst. */
export const GLOB_LENGTH_MAX = 1024;
/** Most alternatives `{a,b}{c,d}` may expand to: each is matched on its own. */
export const GLOB_ALTERNATIVES_MAX = 256;
/** Deepest nesting of braces. */
export const GLOB_BRACE_DEPTH_MAX = 8;
/** Most `**` in one alternative: in text each doubles the forms to try. */
export const GLOB_DOUBLE_STARS_MAX = 6;

class BadGlob extends Error {}

export function parseGlob(pattern: string): GlobParse {
  try {
    if (pattern.length > GLOB_LENGTH_MAX)
      throw new BadGlob(`longer than ${GLOB_LENGTH_MAX} characters; split it into several rules`);
    const reader: Reader = { text: pattern.normalize("NFC"), at: 0 };
    const alternatives = readSequence(reader, 0).map(mergeNeighbours);
    if (
      alternatives.some(
        (tokens) => tokens.filter((token) => token.kind === "double-star").length > GLOB_DOUBLE_STARS_MAX,
      )
    ) {
      throw new BadGlob(
        `too wide: it holds more than ${GLOB_DOUBLE_STARS_MAX} times \`**\`; split it into several rules`,
      );
    }
    return { kind: "ok", alternatives };
  } catch (error) {
    if (error instanceof BadGlob) return { kind: "bad", message: error.message };
    throw error;
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

type Sequence = readonly GlobToken[];

/** Reads up to the end, or inside braces up to `,` or `}`; gives every expansion. */
function readSequence(reader: Reader, depth: number): Sequence[] {
  let expansions: Sequence[] = [[]];
  while (reader.at < reader.text.length) {
    const char = reader.text[reader.at];
    if (depth > 0 && (char === "," || char === "}")) return expansions;
    if (char === "}") throw new BadGlob("`}` without `{`; write `\\}` for the character itself");
    const choices = char === "{" ? readBraces(reader, depth + 1) : [[readToken(reader)]];
    if (expansions.length * choices.length > GLOB_ALTERNATIVES_MAX) {
      throw new BadGlob(
        `too wide: it expands to more than ${GLOB_ALTERNATIVES_MAX} alternatives; split it into several rules`,
      );
    }
    expansions = expansions.flatMap((head) => choices.map((tail) => [...head, ...tail]));
  }
  if (depth > 0) throw new BadGlob("`{` without `}`; write `\\{` for the character itself");
  return expansions;
}

function readBraces(reader: Reader, depth: number): Sequence[] {
  if (depth > GLOB_BRACE_DEPTH_MAX) throw new BadGlob(`too deep: braces nested deeper than ${GLOB_BRACE_DEPTH_MAX}`);
  const choices: Sequence[] = [];
  do {
    reader.at += 1;
    choices.push(...readSequence(reader, depth));
  } while (reader.text[reader.at] === ",");
  reader.at += 1;
  return choices;
}

function readToken(reader: Reader): GlobToken {
  const char = reader.text[reader.at];
  if (char === "[") return readClass(reader);
  if (char === "?") {
    reader.at += 1;
    return { kind: "one" };
  }
  if (char === "*") {
    const start = reader.at;
    while (reader.text[reader.at] === "*") reader.at += 1;
    return { kind: reader.at - start >= 2 ? "double-star" : "star" };
  }
  return { kind: "literal", text: String.fromCodePoint(readCodePoint(reader)) };
}

function readCodePoint(reader: Reader): number {
  if (reader.text[reader.at] === "\\") {
    reader.at += 1;
    if (reader.at >= reader.text.length)
      throw new BadGlob("unfinished: it ends in a lone `\\`; write `\\\\` for the character itself");
  }
  const code = reader.text.codePointAt(reader.at) ?? 0;
  reader.at += code > 0xffff ? 2 : 1;
  return code;
}

function readClass(reader: Reader): GlobToken {
  reader.at += 1;
  const negated = reader.text[reader.at] === "^" || reader.text[reader.at] === "!";
  if (negated) reader.at += 1;
  const ranges: (readonly [number, number])[] = [];
  while (reader.text[reader.at] !== "]") ranges.push(readRange(reader));
  reader.at += 1;
  if (ranges.length === 0) throw new BadGlob("empty in a class; write `[\\]]` for a class with a bracket");
  return { kind: "class", negated, ranges };
}

function readRange(reader: Reader): readonly [number, number] {
  const low = readClassMember(reader);
  if (reader.text[reader.at] !== "-") return [low, low];
  reader.at += 1;
  const high = readClassMember(reader);
  if (high < low) throw new BadGlob("wrong in a class, a range runs backwards; write the lower character first");
  return [low, high];
}

function readClassMember(reader: Reader): number {
  const char = reader.text[reader.at];
  if (char === undefined) throw new BadGlob("`[` without `]`; write `\\[` for the character itself");
  if (char === "-" || char === "]") throw new BadGlob(`missing a backslash before \`${char}\` inside a class`);
  return readCodePoint(reader);
}

/** Joins neighbouring literals (so that matching compares strings) and neighbouring stars (`*` + `**` is `**`). */
function mergeNeighbours(tokens: Sequence): Sequence {
  const merged: GlobToken[] = [];
  for (const token of tokens) {
    const last = merged.at(-1);
    if (token.kind === "literal" && last?.kind === "literal") {
      merged[merged.length - 1] = { kind: "literal", text: last.text + token.text };
    } else if (isStar(token) && last !== undefined && isStar(last)) {
      merged[merged.length - 1] = { kind: "double-star" };
    } else merged.push(token);
  }
  return merged;
}

function isStar(token: GlobToken): boolean {
  return token.kind === "star" || token.kind === "double-star";
}

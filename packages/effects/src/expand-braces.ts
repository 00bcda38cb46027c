/** Brace expansion of plain text (`{a,b{c,d}}`, `{1..9}`); anything with expansions inside is left as unknown. */

export interface BraceAlternative {
  readonly text: string;
  readonly glob: boolean;
}

/** Most alternatives of one brace word. */
const ALTERNATIVES_MAX = 128;

/** Longest brace word looked into: bounds the depth of nesting too. */
const TEXT_LENGTH_MAX = 1000;

/** Undefined when it cannot be told, or there are too many. */
export function expandBraces(text: string): BraceAlternative[] | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  if (!text.startsWith("{") || !text.endsWith("}") || /[$`"'\\]/.test(text)) return undefined;
  const inner = text.slice(1, -1);
  const range = /^-?\w+\.\.-?\w+(?:\.\.-?\d+)?$/.test(inner);
  // A range stands for many similar names: a wildcard says as much about where they are.
  if (range) return [{ text: "*", glob: true }];
  const alternatives: BraceAlternative[] = [];
  for (const choice of splitAtCommas(inner)) {
    const expanded = expandInside(choice);
    if (expanded === undefined || alternatives.length + expanded.length > ALTERNATIVES_MAX) return undefined;
    alternatives.push(...expanded);
  }
  return alternatives;
}

function splitAtCommas(text: string): string[] {
  const choices: string[] = [""];
  let depth = 0;
  for (const char of text) {
    if (char === "{") depth += 1;
    if (char === "}") depth -= 1;
    if (char === "," && depth === 0) choices.push("");
    else choices[choices.length - 1] += char;
  }
  return choices;
}

function expandInside(text: string): BraceAlternative[] | undefined {
  const open = text.indexOf("{");
  if (open < 0) return [{ text, glob: /[*?[]/.test(text) }];
  const close = matchingBrace(text, open);
  if (close < 0) return [{ text, glob: /[*?[]/.test(text) }];
  const middle = expandBraces(text.slice(open, close + 1));
  const tails = expandInside(text.slice(close + 1));
  if (middle === undefined || tails === undefined || middle.length * tails.length > ALTERNATIVES_MAX) return undefined;
  const head = text.slice(0, open);
  return middle.flatMap((inner) =>
    tails.map((tail) => ({ text: head + inner.text + tail.text, glob: inner.glob || tail.glob || /[*?[]/.test(head) })),
  );
}

function matchingBrace(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === "{") depth += 1;
    if (text[index] === "}") depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/**
 * Text of an agent as a reviewer must see it: exact, and with nothing that hides, reorders or imitates a space.
 * Each such character becomes a mark with its code point, which no text can imitate because the mark is markup.
 */
import { type Html, html } from "./html.ts";

/**
 * Controls, format characters (bidi, zero width, tags), separators, private use, every space but the space, what
 * Unicode says may print as nothing (fillers, variation selectors), the blank Braille cell and replacement marks.
 */
const HIDDEN = /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}|\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}|\u2800|\uFFFC|\uFFFD/u;
const HIDDEN_RUNS = new RegExp(`(${HIDDEN.source})`, "gu");

export interface VisibleOptions {
  /** Line feeds and tabs stay as they are: for texts shown in a block of their own. */
  readonly keepLines?: boolean;
}

export function visible(text: string, { keepLines = false }: VisibleOptions = {}): Html {
  const pieces = text.toWellFormed().split(HIDDEN_RUNS);
  return html`${pieces.map((piece) => {
    if (!HIDDEN.test(piece) || (keepLines && (piece === "\n" || piece === "\t"))) return piece;
    return html`<mark title="hidden character">${codePointOf(piece)}</mark>`;
  })}`;
}

export function hasHidden(text: string): boolean {
  return HIDDEN.test(text);
}

/** Letters, digits, dashes, dots, slashes and marks of other scripts can look like ASCII; a person should know. */
export function hasForeignCharacters(text: string): boolean {
  return /\P{ASCII}/u.test(text);
}

function codePointOf(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

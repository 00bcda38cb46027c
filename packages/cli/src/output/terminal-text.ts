/**
 * Text of agents and upstreams is hostile: an escape sequence could repaint the line a reviewer reads, a
 * right-to-left mark could reverse a path. Everything a terminal acts on, or does not show, is printed as `\uXXXX`.
 */

/** Controls, formats (bidirectional marks, tags), lone surrogates, line separators, default-ignorable; the newline is the caller's. */
const INVISIBLE = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Several lines: everything but the newline is made visible. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, escapeUnits);
}

/** One line: a newline is made visible too. */
export function toOneLine(text: string): string {
  return escapeInvisible(text).replaceAll("\n", "\\n");
}

/** Columns the text takes in a terminal: East Asian wide characters and emoji take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1;
  return width;
}

const COMBINING = /^\p{Mark}$/u;
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})$/u;

function escapeUnits(text: string): string {
  let escaped = "";
  for (let index = 0; index < text.length; index += 1) {
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

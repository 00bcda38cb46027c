/**
 * Text from a bundle as it may be shown: nothing in it moves a cursor, hides, reorders letters, becomes markup or
 * is run as a spreadsheet formula. What was recorded stays recognisable: odd characters become `\u{…}`.
 */

/** Longest cell of a report; the bundle holds the rest. */
export const CELL_CHARS_MAX = 200;

/** Controls (also terminal escapes), line separators, invisible and direction-changing characters, tag characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu;

/** The text with every invisible character spelled out. */
export function toVisible(text: string): string {
  const shown = text.length > CELL_CHARS_MAX ? `${text.slice(0, CELL_CHARS_MAX)}…` : text;
  return shown.toWellFormed().replace(INVISIBLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Spreadsheets run pasted cells that start so. */
function disarmFormula(text: string): string {
  return /^[\s]*[=+\-@|%]/.test(text) ? `'${text}` : text;
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For HTML text and quoted attributes. */
export function toHtmlText(text: string): string {
  return disarmFormula(toVisible(text)).replace(/[&<>"']/g, (char) => HTML_ESCAPES[char] ?? char);
}

/** For a cell of a Markdown table and for running Markdown text. */
export function toMarkdownText(text: string): string {
  return disarmFormula(toVisible(text)).replace(/[\\`*_{}[\]()#!|<>~&]/g, (char) =>
    /[<>&]/.test(char) ? (HTML_ESCAPES[char] ?? char) : `\\${char}`,
  );
}

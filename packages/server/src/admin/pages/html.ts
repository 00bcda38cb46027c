/**
 * HTML made of templates in which every value is escaped, unless it is itself made of such a template. There is no
 * way to put a plain text in unescaped.
 */

/** Markup that was built here; never made from a text of others. */
export interface Html {
  readonly html: string;
}

type Value = string | number | Html | undefined | false | readonly Value[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = parts[0] ?? "";
  for (const [index, value] of values.entries()) text += `${print(value)}${parts[index + 1] ?? ""}`;
  return { html: text };
}

/** For element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

function print(value: Value): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return isList(value) ? value.map(print).join("") : value.html;
}

function isList(value: Html | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

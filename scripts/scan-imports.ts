/** Finds what a TypeScript file imports: static and dynamic imports, re-exports, and modules started as workers. */

export interface FoundImport {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** `import type`, `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?((?:[\w$*{},\s]|\bas\b)*?)\s*(?:\bfrom\s+)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\b(?:import|require)\(\s*["']([^"'\n]+)["']\s*\)/g;
const WORKER = /\bnew URL\(\s*["'](\.[^"'\n]+\.ts)["']\s*,\s*import\.meta\.url\s*\)/g;

export function scanImports(source: string): FoundImport[] {
  const text = withoutComments(source);
  const found: FoundImport[] = [];
  for (const match of text.matchAll(STATIC)) {
    const [, typeWord, names = "", specifier = ""] = match;
    const typeOnly = typeWord !== undefined || onlyTypes(names);
    found.push({ specifier, line: lineOf(text, match.index), typeOnly });
  }
  for (const pattern of [DYNAMIC, WORKER]) {
    for (const match of text.matchAll(pattern)) {
      found.push({ specifier: match[1] ?? "", line: lineOf(text, match.index), typeOnly: false });
    }
  }
  return found;
}

/** `{ type A, type B }` imports nothing that runs. */
function onlyTypes(names: string): boolean {
  const inside = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const list =
    inside
      ?.split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "") ?? [];
  return list.length > 0 && list.every((name) => name.startsWith("type "));
}

/**
 * Comments become blanks of the same length, so that lines stay where they are. So do texts that hold program text
 * (templates, and strings with a call in them): what they name is not imported by this file.
 */
function withoutComments(source: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return source.replace(token, (text) => {
    const isProgramText = /^["'`]/.test(text) ? /^`|import|new URL\(/.test(text) && !isSpecifier(text) : true;
    return isProgramText ? text.replaceAll(/[^\n]/g, " ") : text;
  });
}

function isSpecifier(text: string): boolean {
  return /^["'][^\s()]+["']$/.test(text);
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** The doublestar matrix of the reference product, the text mode, bad patterns, and a naive oracle. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileGlob, type GlobMode, globLiterals, validateGlob } from "./glob.ts";

const MATRIX: readonly (readonly [pattern: string, text: string, path: boolean, inText: boolean])[] = [
  ["git push --force*", "git push --force origin main", true, true],
  ["git push --force*", "git push --force origin feat/login", false, true],
  ["**/.ssh/*", "/home/u/.ssh/id_rsa", true, true],
  ["**/.ssh/*", "/home/u/.ssh/keys/id_rsa", false, true],
  ["**/credentials*", "credentials", true, true],
  ["docs/**", "docs/a/b.md", true, true],
  ["docs/**", "docs", true, true],
  ["docs/**", "docsx", false, false],
  ["/etc/*", "/etc/ssh/x", false, true],
  ["*.ts", "src/app.ts", false, true],
  ["*.env", ".env", true, true],
  ["{a,b}", "a", true, true],
  ["{a,b{c,d}}", "bd", true, true],
  ["a?b", "a/b", false, true],
  ["\\*x", "*x", true, true],
  ["\\*x", "ax", false, false],
  ["github.**", "github.a/b", false, true],
  ["**/x", "x", true, true],
  ["**/x", "/a/x", true, true],
  ["**/x", "ax", false, false],
  ["a/**/b", "a/b", true, true],
  ["a/**/b", "a/x/y/b", true, true],
  ["[a-c]x", "bx", true, true],
  ["[^a-c]x", "bx", false, false],
  ["[!a-c]x", "dx", true, true],
  ["a[^b]c", "a/c", false, true],
  ["?", "😀", true, true],
  ["*[^😀]*", "😀", false, false],
  ["", "", true, true],
  ["*ignore previous*", "a/b ignore previous c", false, true],
];

describe("compileGlob()", () => {
  test.each(MATRIX)("%p against %p", (pattern, text, path, inText) => {
    expect(compileGlob(pattern, "path")(text)).toBe(path);
    expect(compileGlob(pattern, "text")(text)).toBe(inText);
  });

  test.each([
    "[",
    "[a",
    "[]",
    "{a",
    "a}",
    "x\\",
    "[z-a]",
    "[a-]",
    "{".repeat(20),
    `{a,b}`.repeat(9),
    "a".repeat(1025),
    "**/".repeat(7),
  ])("refuses %p in words", (pattern) => {
    expect(validateGlob(pattern)).toBeString();
    expect(() => compileGlob(pattern, "path")).toThrow();
  });

  test("answers hostile patterns and texts quickly", () => {
    const matches = compileGlob(`${"*a".repeat(200)}b`, "text");
    const started = performance.now();
    expect(matches("a".repeat(65_536))).toBe(false);
    expect(compileGlob("**/a/**/a/**/a/**/b", "path")("a/".repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  for (const mode of ["path", "text"] as const) {
    test(`agrees with a naive backtracking matcher in mode ${mode}`, () => {
      fc.assert(
        fc.property(patternArbitrary, textArbitrary, (pattern, text) => {
          expect(compileGlob(pattern, mode)(text)).toBe(naiveGlob(pattern, text, mode));
        }),
        { numRuns: Number(process.env["AEGISFLOW_GLOB_RUNS"] ?? 20_000) },
      );
    });
  }
});

test("globLiterals() tells the fixed text and the fixed beginning of every alternative", () => {
  expect(globLiterals("github.{get_repo,list_*}")).toEqual([
    { literal: "github.get_repo", prefix: "github.get_repo" },
    { prefix: "github.list_" },
  ]);
  expect(globLiterals("*")).toEqual([{ prefix: "" }]);
});

const patternArbitrary = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "/",
      "*",
      "**",
      "**/",
      "/**",
      "?",
      "[ab]",
      "[^a]",
      "{a,b}",
      "{a/,}",
      "{*,/**}",
      "\\*",
      "😀",
    ),
    { maxLength: 7 },
  )
  .map((parts) => parts.join(""))
  .filter((pattern) => validateGlob(pattern) === undefined);
const textArbitrary = fc
  .array(fc.constantFrom("a", "b", "/", "*", "😀", "ab", "a/b"), { maxLength: 8 })
  .map((parts) => parts.join(""));

/** Written for obviousness only: expands braces textually, then backtracks over code points. */
function naiveGlob(pattern: string, text: string, mode: GlobMode): boolean {
  return naiveExpand(pattern).some((plain) => {
    const segments = plain.split("/").map((segment) => (/^\*{2,}$/.test(segment) ? "**" : segment));
    return naiveSegments(segments, text, mode, true);
  });
}

function naiveExpand(pattern: string): string[] {
  const open = /(^|[^\\])\{([^{}]*)\}/.exec(pattern);
  if (open === null) return [pattern];
  const [whole, before = "", inner = ""] = open;
  return inner
    .split(",")
    .flatMap((choice) =>
      naiveExpand(pattern.slice(0, open.index) + before + choice + pattern.slice(open.index + whole.length)),
    );
}

/** Segment lists: `**` stands for any number of segments (in text: for anything at all, or for nothing with its slash). */
function naiveSegments(segments: readonly string[], text: string, mode: GlobMode, first: boolean): boolean {
  const [segment, ...rest] = segments;
  if (segment === undefined) return text === "" && !first;
  if (segment === "**" && (mode === "path" || segments.length > 1 || !first)) {
    if (rest.length > 0 && naiveSegments(rest, text, mode, true)) return true;
    if (rest.length === 0) return true;
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === "/" && naiveSegments(rest, text.slice(at + 1), mode, true)) return true;
    }
    return false;
  }
  for (let end = 0; end <= text.length; end += 1) {
    if (!naiveChars(Array.from(segment), Array.from(text.slice(0, end)), mode)) continue;
    if (rest.length === 0 && end === text.length) return true;
    if (rest.length === 0) continue;
    if (end === text.length && rest.every((other) => other === "**")) return true;
    if (text[end] === "/" && naiveSegments(rest, text.slice(end + 1), mode, true)) return true;
  }
  return false;
}

function naiveChars(pattern: readonly string[], text: readonly string[], mode: GlobMode): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return text.length === 0;
  const [char, ...left] = text;
  const stops = mode === "path" && char === "/";
  if (head === "*")
    return naiveChars(rest, text, mode) || (char !== undefined && !stops && naiveChars(pattern, left, mode));
  if (char === undefined) return false;
  if (head === "?") return !stops && naiveChars(rest, left, mode);
  if (head === "\\") return char === rest[0] && naiveChars(rest.slice(1), left, mode);
  if (head === "[") {
    const close = pattern.indexOf("]");
    const body = pattern.slice(1, close);
    const negated = body[0] === "^";
    return (
      !stops &&
      (negated ? !body.slice(1).includes(char) : body.includes(char)) &&
      naiveChars(pattern.slice(close + 1), left, mode)
    );
  }
  return char === head && naiveChars(rest, left, mode);
}

import { expect, test } from "bun:test";
import fc from "fast-check";
import { compileGlob, type GlobMode } from "./glob.ts";
import { includesGlob } from "./glob-inclusion.ts";

test.each<[wide: string, narrow: string, mode: GlobMode, expected: boolean]>([
  ["github.*", "github.list_*", "text", true],
  ["github.*", "github.{list,get}_*", "text", true],
  ["github.list_*", "github.*", "text", false],
  ["*", "a/b", "text", true],
  ["*", "a/b", "path", false],
  ["docs/**", "docs/a/*.md", "path", true],
  ["docs/**", "docs", "path", true],
  ["docs/*", "docs/**", "path", false],
  ["**/.env", "config/.env", "path", true],
  ["**/*.md", "docs/**/*.md", "path", true],
  ["**/x", "x", "text", true],
  ["a?c", "abc", "text", true],
  ["a?c", "a*c", "text", false],
  ["[a-c]x", "bx", "text", true],
  ["[!a-c]x", "bx", "text", false],
  ["a*b*c", "a*bb*c", "text", true],
])("includesGlob(%s, %s) in a %s is %p", (wide, narrow, mode, expected) => {
  expect(includesGlob(wide, narrow, mode)).toBe(expected);
});

const pattern = fc
  .array(fc.constantFrom("a", "b", "/", "*", "**", "?", "[ab]", "[!a]", "{a,b/}"), { maxLength: 6 })
  .map((parts) => parts.join(""))
  .filter((text) => text !== "" && (text.match(/\*\*/g)?.length ?? 0) <= 3);
const text = fc.array(fc.constantFrom("a", "b", "c", "/"), { maxLength: 6 }).map((parts) => parts.join(""));

test("what is called included is never matched by the narrow glob alone", () => {
  fc.assert(
    fc.property(pattern, pattern, fc.array(text, { minLength: 20, maxLength: 20 }), (wide, narrow, texts) => {
      for (const mode of ["text", "path"] as const) {
        if (!includesGlob(wide, narrow, mode)) continue;
        const [matchesWide, matchesNarrow] = [compileGlob(wide, mode), compileGlob(narrow, mode)];
        for (const sample of texts) if (matchesNarrow(sample)) expect(matchesWide(sample)).toBe(true);
      }
    }),
    { numRuns: 5_000 },
  );
});

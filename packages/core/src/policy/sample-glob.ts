/** A few texts that a glob matches, for actions that show what a rule is about. Plain letters stand for stars. */
import { type GlobToken, parseGlob } from "./glob-pattern.ts";

/** Most texts of one pattern: one for each of its first alternatives. */
const SAMPLES_MAX = 4;

/** At least one text for a valid pattern. */
export function sampleGlob(pattern: string): readonly string[] {
  const parsed = parseGlob(pattern);
  if (parsed.kind === "bad") return [];
  return parsed.alternatives.slice(0, SAMPLES_MAX).map((tokens) => tokens.map(fill).join(""));
}

function fill(token: GlobToken): string {
  switch (token.kind) {
    case "literal":
      return token.text;
    case "one":
      return "x";
    case "star":
      return "x";
    case "double-star":
      return "x/y";
    case "class":
      return fillClass(token);
  }
}

function fillClass({ negated, ranges }: Extract<GlobToken, { readonly kind: "class" }>): string {
  if (!negated) return String.fromCodePoint(ranges[0]?.[0] ?? 0x78);
  const free = ["x", "a", "0", "_", "-", "é"].find((char) => {
    const code = char.codePointAt(0) ?? 0;
    return !ranges.some(([low, high]) => code >= low && code <= high);
  });
  return free ?? "文";
}

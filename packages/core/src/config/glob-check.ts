/**
 * The one place where configuration asks whether a glob is well formed, so that a pattern that could never
 * match (`[`, `{a,b`) is a load error and not a rule that silently disappears.
 */

/** What is wrong with the pattern, or undefined when it is fine. */
export function globProblem(pattern: string): string | undefined {
  let braces = 0;
  let inClass = false;
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index];
    if (char === "\\") {
      index += 1;
      if (index === pattern.length) return "it ends in a backslash that escapes nothing";
    } else if (inClass) inClass = char !== "]";
    else if (char === "[") inClass = true;
    else if (char === "{") braces += 1;
    else if (char === "}") braces -= 1;
    if (braces < 0) return "a `}` has no `{` before it";
  }
  if (inClass) return "a `[` is never closed";
  return braces > 0 ? "a `{` is never closed" : undefined;
}

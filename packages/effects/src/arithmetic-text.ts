/**
 * Bash runs substitutions that stand in an array index of text it takes for arithmetic: `let 'a[$(rm x)]'`,
 * `x='a[$(rm x)]'; echo $((x))`, `[[ $x -eq 1 ]]`. Such text is rare and means no good.
 */

/** Why the text is not understood; undefined for ordinary text. */
export function checkArithmetic(text: string | undefined): string | undefined {
  const hides = text !== undefined && /[A-Za-z_]\w*\[[^\]]*(?:\$\(|`)/.test(text);
  return hides ? "holds a command that arithmetic would run" : undefined;
}

/** Commands that take words for arithmetic or for names of variables. */
export const ARITHMETIC_COMMANDS: ReadonlySet<string> = new Set([
  "let",
  "test",
  "[",
  "read",
  "unset",
  "printf",
  "declare",
  "typeset",
  "local",
  "export",
  "readonly",
  "mapfile",
  "readarray",
  "getopts",
  "wait",
]);

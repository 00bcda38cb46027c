/**
 * Whether an awk program only computes and prints: no pipes, `system`, `getline`, output to files, loaded code or
 * look at the environment. Strings, regular expressions and comments are skipped, so that `/a|b/` is no pipe.
 */

export function isHarmlessAwk(program: string): boolean {
  const code = codeOnly(program);
  if (code === undefined) return false;
  if (/\b(?:system|getline|close|fflush|ENVIRON|PROCINFO|ARGV|ARGC)\b|@/.test(code)) return false;
  if (/\|/.test(code.replaceAll("||", " "))) return false;
  // `>` compares, unless a print stands before it in the same statement.
  return !/\bprintf?\b[^;}\n]*>/.test(code);
}

/** The program with strings, regular expressions and comments blanked out; undefined when one does not end. */
function codeOnly(program: string): string | undefined {
  let code = "";
  for (let at = 0; at < program.length; at += 1) {
    const char = program[at] ?? "";
    if (char === "#") {
      while (at + 1 < program.length && program[at + 1] !== "\n") at += 1;
    } else if (char === '"' || (char === "/" && expectsOperand(code))) {
      const end = endOfLiteral(program, at, char);
      if (end < 0) return undefined;
      at = end;
      code += " 0 ";
    } else if (!/[ \t\r]/.test(char)) code += char;
    // Blanks are kept as one, so that what stands before a `/` is never far away.
    else if (!code.endsWith(" ")) code += " ";
  }
  return code;
}

function endOfLiteral(program: string, start: number, delimiter: string): number {
  let inClass = false;
  for (let at = start + 1; at < program.length; at += 1) {
    const char = program[at];
    if (char === "\\") at += 1;
    else if (char === "\n") return -1;
    else if (char === "[" && delimiter === "/") inClass = true;
    else if (char === "]") inClass = false;
    // A delimiter inside a class reads differently in different awks.
    else if (char === delimiter) return inClass ? -1 : at;
  }
  return -1;
}

const LOOK_BEHIND_CHARS = 64;

/** After these a `/` begins a regular expression; after a value it divides. */
function expectsOperand(code: string): boolean {
  // Enough of what stands before to see a keyword; the whole would make long programs slow.
  const recent = code.slice(-LOOK_BEHIND_CHARS);
  const before = recent.trimEnd();
  if (before === "" || /[({[,;~!&|=<>?:+\-*%^\n]$/.test(before) || /\n[ \t]*$/.test(recent)) return true;
  return /(?:^|\W)(?:print|printf|return|in|case|do|else|getline)$/.test(before) || before.endsWith("}");
}

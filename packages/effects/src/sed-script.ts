/**
 * Whether a sed script only selects, prints and edits lines. Everything it reads is named here; a script with any
 * other command (`e`, `w`, `r` …) or flag is not called harmless.
 */

export function isHarmlessSed(script: string): boolean {
  const reader = { text: script, at: 0 };
  for (;;) {
    skip(reader, /[\s;{}]/);
    if (reader.at >= script.length) return true;
    if (!skipAddress(reader)) return false;
    skip(reader, /[\s!]/);
    if (!readCommand(reader)) return false;
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

function skip(reader: Reader, accepted: RegExp): void {
  while (reader.at < reader.text.length && accepted.test(reader.text[reader.at] ?? "")) reader.at += 1;
}

/** `3`, `$`, `/re/I`, `\%re%`, `1,5`, `1~2`, `/a/,+3`; false when malformed. */
function skipAddress(reader: Reader): boolean {
  for (;;) {
    skip(reader, /[\d$~+]/);
    const char = reader.text[reader.at];
    if (char === "/" || char === "\\") {
      if (char === "\\") reader.at += 1;
      if (!skipDelimited(reader, 1)) return false;
      skip(reader, /[IM]/);
    }
    skip(reader, / /);
    if (reader.text[reader.at] !== ",") return true;
    reader.at += 1;
    skip(reader, / /);
  }
}

function readCommand(reader: Reader): boolean {
  const command = reader.text[reader.at] ?? "";
  reader.at += 1;
  if (command === "" || /[pPdDqQ=nNhHgGxlzF{}]/.test(command)) return true;
  if (command === "s") {
    if (!skipDelimited(reader, 2)) return false;
    skip(reader, /[gpiIMm\d]/);
    return atEndOfCommand(reader);
  }
  // Labels and jumps to them.
  if (/[:btT]/.test(command)) {
    skip(reader, command === ":" ? /[^;\n]/ : /[^;\n}]/);
    return true;
  }
  if (command === "y") return skipDelimited(reader, 2) && atEndOfCommand(reader);
  // The text of a, i and c goes to the end of the script part.
  if (/[aic]/.test(command)) {
    skip(reader, /[^\n]/);
    return true;
  }
  return false;
}

/** Reads `/…/` or `/…/…/` from the delimiter on. */
function skipDelimited(reader: Reader, parts: 1 | 2): boolean {
  const delimiter = reader.text[reader.at];
  if (delimiter === undefined || delimiter === "\n" || delimiter === "\\") return false;
  reader.at += 1;
  for (let left: number = parts; left > 0; left -= 1) {
    let inClass = false;
    for (;;) {
      const char = reader.text[reader.at];
      if (char === undefined) return false;
      reader.at += 1;
      if (char === "\\") reader.at += 1;
      else if (char === "[" && left === parts) inClass = true;
      else if (char === "]") inClass = false;
      else if (char === delimiter) break;
    }
    if (inClass) return false;
  }
  return true;
}

function atEndOfCommand(reader: Reader): boolean {
  skip(reader, / /);
  const char = reader.text[reader.at];
  return char === undefined || /[;\n}]/.test(char);
}

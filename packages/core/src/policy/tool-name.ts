/**
 * Tool names are compared exactly, so a name that only looks like another must not get past a rule: white space
 * around it, control and invisible characters, and letters of other scripts posing as Latin make it refused.
 */

export interface ToolName {
  /** What rules are matched with: the name that a person would read. */
  readonly name: string;
  /** Why the raw name is not acceptable, in words; undefined for an honest one. */
  readonly refused: string | undefined;
}

const HONEST = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}|\p{Cs}|\p{Cn}/gu;

export function readToolName(raw: string): ToolName {
  if (HONEST.test(raw)) return { name: raw, refused: undefined };
  const visible = raw.replace(HIDDEN, "");
  const plain = visible.normalize("NFKC").replace(/\s+/gu, " ").trim();
  const name = plain.replace(/./gu, (char) => LOOKALIKES.get(char) ?? char);
  return { name, refused: refusal(raw, visible, plain, name) };
}

function refusal(raw: string, visible: string, plain: string, name: string): string | undefined {
  if (visible !== raw) return "the tool name contains control or invisible characters";
  if (plain !== raw.normalize("NFC")) return "the tool name contains unusual white space or look-alike characters";
  if (name !== plain && /[A-Za-z]/.test(plain))
    return "the tool name mixes Latin letters with look-alikes of another script";
  return undefined;
}

/** Cyrillic, Greek and Armenian letters that read as ASCII (the ones seen in attacks, from Unicode TS 39). */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: "a",
    ь: "b",
    с: "c",
    ԁ: "d",
    е: "e",
    һ: "h",
    і: "i",
    ј: "j",
    к: "k",
    ӏ: "l",
    м: "m",
    п: "n",
    о: "o",
    р: "p",
    ԛ: "q",
    г: "r",
    ѕ: "s",
    т: "t",
    ѵ: "v",
    ԝ: "w",
    х: "x",
    у: "y",
    А: "A",
    В: "B",
    С: "C",
    Е: "E",
    Н: "H",
    І: "I",
    Ј: "J",
    К: "K",
    М: "M",
    О: "O",
    Р: "P",
    Ѕ: "S",
    Т: "T",
    Х: "X",
    α: "a",
    ε: "e",
    ι: "i",
    κ: "k",
    ν: "v",
    ο: "o",
    ρ: "p",
    τ: "t",
    υ: "u",
    χ: "x",
    ϲ: "c",
    ϳ: "j",
    Α: "A",
    Β: "B",
    Ε: "E",
    Ζ: "Z",
    Η: "H",
    Ι: "I",
    Κ: "K",
    Μ: "M",
    Ν: "N",
    Ο: "O",
    Ρ: "P",
    Τ: "T",
    Υ: "Y",
    Χ: "X",
    ո: "n",
    օ: "o",
    ս: "u",
    ց: "g",
    ı: "i",
    ɡ: "g",
    ɩ: "i",
    ǀ: "l",
    "․": ".",
    "‥": "..",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "⁄": "/",
    "∕": "/",
    ǃ: "!",
    "꞉": ":",
  }),
);

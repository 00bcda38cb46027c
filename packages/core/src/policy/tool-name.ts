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
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

export function readToolName(raw: string): ToolName {
  if (HONEST.test(raw)) return { name: raw, refused: undefined };
  const visible = raw.replace(HIDDEN, "");
  const plain = visible.normalize("NFKC").replace(/\s+/gu, " ").trim();
  const readAs = plain.replace(/./gu, (char) => LOOKALIKES.get(char) ?? char);
  const refused = refusal(raw, visible, plain, readAs);
  return { name: refused === undefined ? plain : readAs, refused };
}

function refusal(raw: string, visible: string, plain: string, readAs: string): string | undefined {
  if (visible !== raw) return "the tool name contains control or invisible characters";
  if (plain !== raw.normalize("NFC")) return "the tool name contains unusual white space or look-alike characters";
  if (readAs !== plain && /[A-Za-z]/.test(plain))
    return "the tool name mixes Latin letters with look-alikes of another script";
  return undefined;
}

/** A letter of another script followed by what it reads as (the ones seen in attacks, from Unicode TS 39). */
const PAIRS = [
  "аa ьb сc ԁd еe һh іi јj кk ӏl мm пn оo рp ԛq гr ѕs тt ѵv ԝw хx уy АA ВB СC ЕE НH ІI ЈJ КK",
  "МM ОO РP ЅS ТT ХX αa εe ιi κk νv οo ρp τt υu χx ϲc ϳj ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT",
  "ΥY ΧX ոn օo սu ցg ıi ɡg ɩi ǀl ․. ‥.. ‐- ‑- ‒- –- ⁄/ ∕/ ǃ! ꞉:",
];
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  PAIRS.flatMap((line) => line.split(" ")).map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

/**
 * An attacker with the bundle in hand and no keys: mutations of honest bundles, from single bytes to spliced
 * sessions and forged checkpoints. A careful one also repairs the counts and the end digest, which protect nothing.
 */
import type { SeededRandom } from "./seeded-random.ts";
import { cutAtLine, flipByte, repairBytes, splice, trustedOffset } from "./tamper-bytes.ts";
import {
  addWrongProof,
  doubleAt,
  dropContextProof,
  dropRecords,
  editAt,
  editPart,
  exchangeProofs,
  graftTail,
  loosenLine,
  miscount,
  moveHead,
  pickIndex,
  renumberOpening,
  repeatAsContext,
  reportOpen,
  spliceRecord,
  swapAt,
  swapDisclosures,
  swapSalts,
  type TamperTarget,
  takeLine,
  withLines,
} from "./tamper-lines.ts";
import { corruptSignature, forgeCheckpoint, moveCheckpoint, stripSignature } from "./tamper-notes.ts";

export interface Tampering {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Tamper = (target: TamperTarget, random: SeededRandom) => Uint8Array;

/** One random mutation, by name; undefined when this kind cannot be applied to the bundle or changes nothing. */
export function tamper(name: TamperName, target: TamperTarget, random: SeededRandom): Tampering | undefined {
  const bytes = TAMPERS[name](target, random);
  const same = bytes.length === target.bytes.length && bytes.every((byte, i) => byte === target.bytes[i]);
  return same ? undefined : { name, bytes };
}

const TAMPERS = {
  "flip a byte": (target, random) => flipByte(target.bytes, random.below(target.bytes.length), 1 << random.below(8)),
  "flip a byte, repair": (target, random) =>
    repairBytes(flipByte(target.bytes, trustedOffset(target.bytes, random), 1 << random.below(8))),
  "delete a byte, repair": (target, random) =>
    repairBytes(splice(target.bytes, trustedOffset(target.bytes, random), 1, [])),
  "insert a byte, repair": (target, random) =>
    repairBytes(splice(target.bytes, trustedOffset(target.bytes, random), 0, [0x20 + random.below(95)])),
  "cut the file": (target, random) => target.bytes.slice(0, random.below(target.bytes.length)),
  "cut the file at a line": (target, random) => cutAtLine(target.bytes, random),
  "delete a line": (target, random) =>
    withLines(target, (lines) => lines.toSpliced(pickIndex(lines, random, TRUSTED), 1)),
  "double a line": (target, random) => withLines(target, (lines) => doubleAt(lines, pickIndex(lines, random, TRUSTED))),
  "swap neighbours": (target, random) =>
    withLines(target, (lines) => swapAt(lines, pickIndex(lines, random, ["record"]))),
  "drop the tail": (target, random) => withLines(target, (lines) => dropRecords(lines, random, "tail")),
  "drop the tail, move the head": (target, random) =>
    withLines(target, (lines) => moveHead(dropRecords(lines, random, "tail"))),
  "drop the head": (target, random) => withLines(target, (lines) => dropRecords(lines, random, "head")),
  "edit a field": (target, random) =>
    withLines(target, (lines) => editAt(lines, pickIndex(lines, random, TRUSTED), random)),
  "edit a header": (target, random) => withLines(target, (lines) => editPart(lines, random, "header")),
  "edit a disclosure": (target, random) => withLines(target, (lines) => editPart(lines, random, "disclosures")),
  "swap salts": (target, random) => withLines(target, (lines) => swapSalts(lines, random)),
  "swap disclosures": (target, random) => withLines(target, (lines) => swapDisclosures(lines, random)),
  "splice a record": (target, random) => withLines(target, (lines, other) => spliceRecord(lines, other, random)),
  "graft a tail": (target, random) => withLines(target, (lines, other) => graftTail(lines, other, random)),
  "take another checkpoint": (target) => withLines(target, (lines, other) => takeLine(lines, other, "checkpoint")),
  "take other heads": (target) => withLines(target, (lines, other) => takeLine(lines, other, "heads")),
  "forge the checkpoint": (target, random) => withLines(target, (lines) => forgeCheckpoint(lines, random)),
  "move the checkpoint": (target, random) => withLines(target, (lines) => moveCheckpoint(lines, random)),
  "strip a signature": (target, random) => withLines(target, (lines) => stripSignature(lines, random)),
  "exchange proofs": (target, random) => withLines(target, (lines) => exchangeProofs(lines, random)),
  "corrupt a signature": (target, random) => withLines(target, (lines) => corruptSignature(lines, random)),
  "loosen a line": (target, random) => loosenLine(target.bytes, random),
  miscount: (target, random) => miscount(target.bytes, random),
  "report as open": (target, random) => withLines(target, (lines) => reportOpen(lines, random)),
  "repeat as context": (target) => withLines(target, repeatAsContext),
  "renumber the opening": (target) => withLines(target, renumberOpening),
  "add a wrong proof": (target, random) => withLines(target, (lines) => addWrongProof(lines, random)),
  "drop a context proof": (target, random) => withLines(target, (lines) => dropContextProof(lines, random)),
} as const satisfies Readonly<Record<string, Tamper>>;

export type TamperName = keyof typeof TAMPERS;
export const TAMPER_NAMES: readonly TamperName[] = Object.keys(TAMPERS).filter(isTamperName);

function isTamperName(name: string): name is TamperName {
  return name in TAMPERS;
}

/** Line types that a verdict depends on: all but the suggested policy, which nobody trusts, and the end. */
const TRUSTED: readonly string[] = ["manifest", "record", "context", "proof", "heads", "checkpoint"];

/**
 * An attacker with the bundle in hand and no keys: mutations of honest bundles, from single bytes to spliced
 * sessions and forged checkpoints. A careful one also repairs the counts and the end digest, which protect nothing.
 */
import { canonicalJson } from "../canonical-json.ts";
import { formatCheckpoint, parseCheckpoint } from "../checkpoint.ts";
import { utf8Decode, utf8Encode } from "../encoding.ts";
import { createEd25519Signer, nodeCrypto } from "../node-crypto.ts";
import { createNoteSigner, formatNote, parseNote, signNote } from "../signed-note.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Mutable JSON, as the attacker edits it. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Line = { [key: string]: Json };

export interface Tampering {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The honest bundle and another honest one of the same log to splice from. */
export interface TamperTarget {
  readonly bytes: Uint8Array;
  readonly other: Uint8Array;
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

// ---- bytes ----------------------------------------------------------------------------------------------------

/** One flipped bit pattern at one place, for exhaustive runs. */
export function flipByte(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ mask;
  return changed;
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
}

/** Offsets of the bytes that a verdict depends on. */
export function trustedBytes(bytes: Uint8Array): number {
  const text = utf8Decode(bytes);
  const end = text.search(/^\{"(?:text|lines)":/m);
  return utf8Encode(text.slice(0, end)).length;
}

function trustedOffset(bytes: Uint8Array, random: SeededRandom): number {
  return random.below(trustedBytes(bytes));
}

/** A new end line over whatever the bytes before the old one are now. */
export function repairBytes(bytes: Uint8Array): Uint8Array {
  const start = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const body = bytes.slice(0, start);
  const lines = body.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
  const end = canonicalJson({ type: "end", lines, sha256: nodeCrypto.sha256Hex(body) });
  return Uint8Array.from([...body, ...utf8Encode(`${end}\n`)]);
}

function cutAtLine(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const lines = utf8Decode(bytes).split("\n");
  return utf8Encode(
    lines
      .slice(0, 1 + random.below(lines.length - 2))
      .map((line) => `${line}\n`)
      .join(""),
  );
}

// ---- lines ----------------------------------------------------------------------------------------------------

/** Parses, edits, repairs counts and end digest, prints. */
function withLines(target: TamperTarget, edit: (lines: Line[], other: Line[]) => Line[]): Uint8Array {
  const edited = edit(parseLines(target.bytes), parseLines(target.other));
  const manifest = edited.find((line) => line.type === "manifest");
  if (manifest !== undefined) Object.assign(manifest, countsOf(edited));
  const text = edited.map((line) => `${canonicalJson(line)}\n`).join("");
  return repairBytes(utf8Encode(`${text}{}\n`));
}

function parseLines(bytes: Uint8Array): Line[] {
  const lines = utf8Decode(bytes).trimEnd().split("\n").slice(0, -1);
  return lines.map((line): Line => JSON.parse(line));
}

function countsOf(lines: readonly Line[]): Line {
  const count = (type: string): number => lines.filter((line) => line.type === type).length;
  return { records: count("record"), context: count("context"), proofs: count("proof") };
}

function pickIndex(lines: readonly Line[], random: SeededRandom, types: readonly string[]): number {
  const candidates = lines.flatMap((line, i) =>
    typeof line.type === "string" && types.includes(line.type) ? [i] : [],
  );
  return candidates[random.below(candidates.length)] ?? 0;
}

function doubleAt(lines: Line[], at: number): Line[] {
  const line = lines[at];
  return line === undefined ? lines : lines.toSpliced(at, 0, line);
}

function swapAt(lines: Line[], at: number): Line[] {
  const [first, second] = [lines[at], lines[at + 1]];
  return first === undefined || second?.type !== "record" ? lines : lines.toSpliced(at, 2, second, first);
}

function dropRecords(lines: Line[], random: SeededRandom, where: "head" | "tail"): Line[] {
  const records = lines.filter((line) => line.type === "record");
  if (records.length < 2) return lines;
  const count = 1 + random.below(records.length - 1);
  const dropped = new Set(where === "head" ? records.slice(0, count) : records.slice(-count));
  return lines.filter((line) => !dropped.has(line));
}

/** Points the heads entry at the new last record, as far as that is possible without the log's key. */
function moveHead(lines: Line[]): Line[] {
  const last = lines.findLast((line) => line.type === "record");
  const heads = lines.find((line) => line.type === "heads");
  const entry = heads?.entry;
  const leaf = nodeCrypto.sha256Hex(`\u0000${canonicalJson(last?.header ?? null)}`);
  if (isObject(entry)) Object.assign(entry, { leaf, seq: lines.filter((line) => line.type === "record").length - 1 });
  return lines;
}

function takeLine(lines: Line[], other: readonly Line[], type: string): Line[] {
  const theirs = other.find((line) => line.type === type);
  return theirs === undefined ? lines : lines.map((line) => (line.type === type ? theirs : line));
}

function spliceRecord(lines: Line[], other: readonly Line[], random: SeededRandom): Line[] {
  const theirs = other.filter((line) => line.type === "record");
  const line = theirs[random.below(theirs.length)];
  const at = pickIndex(lines, random, ["record"]);
  return line === undefined ? lines : lines.toSpliced(at, random.below(2), line);
}

function graftTail(lines: Line[], other: readonly Line[], random: SeededRandom): Line[] {
  const ours = dropRecords(lines, random, "tail");
  const at = ours.findLastIndex((line) => line.type === "record") + 1;
  const theirs = other.filter((line) => line.type === "record");
  return ours.toSpliced(at, 0, ...theirs.slice(Math.min(at - 1, theirs.length - 1)));
}

function leafOf(line: Line): string {
  return nodeCrypto.sha256Hex(`\u0000${canonicalJson(line.header ?? null)}`);
}

/** The last record once more, as context: proven, but standing twice. */
function repeatAsContext(lines: Line[]): Line[] {
  const at = lines.findLastIndex((line) => line.type === "record");
  const last = lines[at];
  return last === undefined ? lines : lines.toSpliced(at + 1, 0, { ...last, type: "context" });
}

function renumberOpening(lines: Line[]): Line[] {
  const header = lines.find((line) => line.type === "record")?.header;
  if (isObject(header)) header.seq = 5;
  return lines;
}

/** A proof that no verdict needs, and that leads nowhere. */
function addWrongProof(lines: Line[], random: SeededRandom): Line[] {
  const proven = new Set(lines.filter((line) => line.type === "proof").map((line) => line.leaf));
  const unproven = lines
    .filter((line) => line.type === "record")
    .map(leafOf)
    .filter((leaf) => !proven.has(leaf));
  const at = lines.findIndex((line) => line.type === "proof");
  const leaf = unproven[random.below(unproven.length)];
  return leaf === undefined ? lines : lines.toSpliced(at, 0, { type: "proof", leaf, index: 0, path: [] });
}

function dropContextProof(lines: Line[], random: SeededRandom): Line[] {
  const context = lines.filter(
    (line) => line.type === "context" && isObject(line.header) && line.header.kind !== "heads",
  );
  const dropped = context[random.below(context.length)];
  const leaf = dropped === undefined ? undefined : leafOf(dropped);
  return lines.filter((line) => line.type !== "proof" || line.leaf !== leaf);
}

function reportOpen(lines: Line[], random: SeededRandom): Line[] {
  const leaf = nodeCrypto.sha256Hex(random.bytes(8));
  return lines.map((line) => (Array.isArray(line.open) ? { ...line, open: [...line.open, leaf] } : line));
}

/** The same values in another text. */
function loosenLine(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const lines = utf8Decode(bytes).trimEnd().split("\n");
  const at = random.below(lines.length - 2);
  return repairBytes(utf8Encode(`${lines.with(at, (lines[at] ?? "").replace('":', '": ')).join("\n")}\n`));
}

function miscount(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const counted = new RegExp(`"${random.pick(["records", "context", "proofs"])}":(\\d+)`);
  return repairBytes(
    utf8Encode(
      utf8Decode(bytes).replace(counted, (text, count: string) => text.replace(count, String(Number(count) + 1))),
    ),
  );
}

// ---- fields ---------------------------------------------------------------------------------------------------

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function editAt(lines: Line[], at: number, random: SeededRandom): Line[] {
  return lines.map((line, i) => (i === at ? editObject(line, random) : line));
}

function editPart(lines: Line[], random: SeededRandom, part: string): Line[] {
  const at = pickIndex(lines, random, ["record", "context"]);
  return lines.map((line, i) => {
    const value = line[part];
    return i === at && isObject(value) && Object.keys(value).length > 0
      ? { ...line, [part]: editObject(value, random) }
      : line;
  });
}

/** Changes one value somewhere inside, or adds a field. The `type` of a line stays, or the line would be nothing. */
function editObject(object: { [key: string]: Json }, random: SeededRandom): { [key: string]: Json } {
  const keys = Object.keys(object).filter((key) => key !== "type");
  const key = keys[random.below(keys.length)];
  if (key === undefined) return { ...object, added: "x" };
  return { ...object, [key]: editValue(object[key] ?? null, random) };
}

function editValue(value: Json, random: SeededRandom): Json {
  if (isObject(value)) return editObject(value, random);
  if (Array.isArray(value)) {
    const at = random.below(value.length);
    return value.length === 0 ? ["x"] : value.with(at, editValue(value[at] ?? null, random));
  }
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") return value !== true;
  return random.chance(0.3) ? `${value}0` : editText(value, random);
}

function editText(text: string, random: SeededRandom): string {
  const at = random.below(text.length);
  const old = text.charAt(at);
  const fresh = /[0-9]/.test(old) ? String((Number(old) + 1) % 10) : old === "a" ? "b" : "a";
  return text === "" ? "x" : text.slice(0, at) + fresh + text.slice(at + 1);
}

/** Records with at least two disclosed fields. */
function richRecords(lines: readonly Line[]): readonly { [key: string]: Json }[] {
  return lines
    .map((line) => line.disclosures)
    .filter(isObject)
    .filter((fields) => Object.keys(fields).length > 1);
}

function swapSalts(lines: Line[], random: SeededRandom): Line[] {
  const records = richRecords(lines);
  const fields = records[random.below(records.length)];
  const [first, second] = Object.values(fields ?? {});
  if (Array.isArray(first) && Array.isArray(second)) [first[0], second[0]] = [second[0] ?? null, first[0] ?? null];
  return lines;
}

function swapDisclosures(lines: Line[], random: SeededRandom): Line[] {
  const records = richRecords(lines);
  const fields = records[random.below(records.length)];
  const [a, b] = Object.keys(fields ?? {});
  if (fields !== undefined && a !== undefined && b !== undefined)
    [fields[a], fields[b]] = [fields[b] ?? null, fields[a] ?? null];
  return lines;
}

function exchangeProofs(lines: Line[], random: SeededRandom): Line[] {
  const proofs = lines.filter((line) => line.type === "proof");
  const [a, b] = [proofs[random.below(proofs.length)], proofs[random.below(proofs.length)]];
  if (a !== undefined && b !== undefined) [a.path, b.path] = [b.path ?? [], a.path ?? []];
  return lines;
}

// ---- checkpoints ----------------------------------------------------------------------------------------------

function editNote(lines: Line[], edit: (note: string) => string): Line[] {
  return lines.map((line) => (typeof line.note === "string" ? { ...line, note: edit(line.note) } : line));
}

/** Same name, same text, another key. */
function forgeCheckpoint(lines: Line[], random: SeededRandom): Line[] {
  const forger = createEd25519Signer(random.bytes(32));
  return editNote(lines, (note) => {
    const { text } = parseNote(note);
    return signNote(text, [createNoteSigner(nodeCrypto, parseCheckpoint(text).origin, forger)]);
  });
}

function moveCheckpoint(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    return formatNote({
      text: formatCheckpoint({ ...checkpoint, size: checkpoint.size + 1 + random.below(9) }),
      signatures,
    });
  });
}

function stripSignature(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    return formatNote({ text, signatures: signatures.toSpliced(random.below(signatures.length), 1) });
  });
}

/** The right name and key id over a signature that is not one. */
function corruptSignature(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    const at = random.below(signatures.length);
    // The last bytes: a cosignature begins with its time.
    return formatNote({
      text,
      signatures: signatures.map((one, i) => (i === at ? { ...one, signature: corrupt(one.signature) } : one)),
    });
  });
}

function corrupt(signature: Uint8Array): Uint8Array {
  return signature.with(signature.length - 9, (signature[signature.length - 9] ?? 0) ^ 1);
}

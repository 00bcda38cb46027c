/** Tampering with a bundle line by line and field by field; counts and end digest are repaired afterwards. */
import { canonicalJson } from "../canonical-json.ts";
import { utf8Decode, utf8Encode } from "../encoding.ts";
import { nodeCrypto } from "../node-crypto.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { repairBytes } from "./tamper-bytes.ts";

/** Mutable JSON, as the attacker edits it. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Line = { [key: string]: Json };

/** The honest bundle and another honest one of the same log to splice from. */
export interface TamperTarget {
  readonly bytes: Uint8Array;
  readonly other: Uint8Array;
}

/** Parses, edits, repairs counts and end digest, prints. */
export function withLines(target: TamperTarget, edit: (lines: Line[], other: Line[]) => Line[]): Uint8Array {
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

export function pickIndex(lines: readonly Line[], random: SeededRandom, types: readonly string[]): number {
  const candidates = lines.flatMap((line, i) =>
    typeof line.type === "string" && types.includes(line.type) ? [i] : [],
  );
  return candidates[random.below(candidates.length)] ?? 0;
}

export function doubleAt(lines: Line[], at: number): Line[] {
  const line = lines[at];
  return line === undefined ? lines : lines.toSpliced(at, 0, line);
}

export function swapAt(lines: Line[], at: number): Line[] {
  const [first, second] = [lines[at], lines[at + 1]];
  return first === undefined || second?.type !== "record" ? lines : lines.toSpliced(at, 2, second, first);
}

export function dropRecords(lines: Line[], random: SeededRandom, where: "head" | "tail"): Line[] {
  const records = lines.filter((line) => line.type === "record");
  if (records.length < 2) return lines;
  const count = 1 + random.below(records.length - 1);
  const dropped = new Set(where === "head" ? records.slice(0, count) : records.slice(-count));
  return lines.filter((line) => !dropped.has(line));
}

/** Points the heads entry at the new last record, as far as that is possible without the log's key. */
export function moveHead(lines: Line[]): Line[] {
  const last = lines.findLast((line) => line.type === "record");
  const heads = lines.find((line) => line.type === "heads");
  const entry = heads?.entry;
  const leaf = nodeCrypto.sha256Hex(`\u0000${canonicalJson(last?.header ?? null)}`);
  if (isObject(entry)) Object.assign(entry, { leaf, seq: lines.filter((line) => line.type === "record").length - 1 });
  return lines;
}

export function takeLine(lines: Line[], other: readonly Line[], type: string): Line[] {
  const theirs = other.find((line) => line.type === type);
  return theirs === undefined ? lines : lines.map((line) => (line.type === type ? theirs : line));
}

export function spliceRecord(lines: Line[], other: readonly Line[], random: SeededRandom): Line[] {
  const theirs = other.filter((line) => line.type === "record");
  const line = theirs[random.below(theirs.length)];
  const at = pickIndex(lines, random, ["record"]);
  return line === undefined ? lines : lines.toSpliced(at, random.below(2), line);
}

export function graftTail(lines: Line[], other: readonly Line[], random: SeededRandom): Line[] {
  const ours = dropRecords(lines, random, "tail");
  const at = ours.findLastIndex((line) => line.type === "record") + 1;
  const theirs = other.filter((line) => line.type === "record");
  return ours.toSpliced(at, 0, ...theirs.slice(Math.min(at - 1, theirs.length - 1)));
}

function leafOf(line: Line): string {
  return nodeCrypto.sha256Hex(`\u0000${canonicalJson(line.header ?? null)}`);
}

/** The last record once more, as context: proven, but standing twice. */
export function repeatAsContext(lines: Line[]): Line[] {
  const at = lines.findLastIndex((line) => line.type === "record");
  const last = lines[at];
  return last === undefined ? lines : lines.toSpliced(at + 1, 0, { ...last, type: "context" });
}

export function renumberOpening(lines: Line[]): Line[] {
  const header = lines.find((line) => line.type === "record")?.header;
  if (isObject(header)) header.seq = 5;
  return lines;
}

/** A proof that no verdict needs, and that leads nowhere. */
export function addWrongProof(lines: Line[], random: SeededRandom): Line[] {
  const proven = new Set(lines.filter((line) => line.type === "proof").map((line) => line.leaf));
  const unproven = lines
    .filter((line) => line.type === "record")
    .map(leafOf)
    .filter((leaf) => !proven.has(leaf));
  const at = lines.findIndex((line) => line.type === "proof");
  const leaf = unproven[random.below(unproven.length)];
  return leaf === undefined ? lines : lines.toSpliced(at, 0, { type: "proof", leaf, index: 0, path: [] });
}

export function dropContextProof(lines: Line[], random: SeededRandom): Line[] {
  const context = lines.filter(
    (line) => line.type === "context" && isObject(line.header) && line.header.kind !== "heads",
  );
  const dropped = context[random.below(context.length)];
  const leaf = dropped === undefined ? undefined : leafOf(dropped);
  return lines.filter((line) => line.type !== "proof" || line.leaf !== leaf);
}

export function reportOpen(lines: Line[], random: SeededRandom): Line[] {
  const leaf = nodeCrypto.sha256Hex(random.bytes(8));
  return lines.map((line) => (Array.isArray(line.open) ? { ...line, open: [...line.open, leaf] } : line));
}

/** The same values in another text. */
export function loosenLine(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const lines = utf8Decode(bytes).trimEnd().split("\n");
  const at = random.below(lines.length - 2);
  return repairBytes(utf8Encode(`${lines.with(at, (lines[at] ?? "").replace('":', '": ')).join("\n")}\n`));
}

export function miscount(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const counted = new RegExp(`"${random.pick(["records", "context", "proofs"])}":(\\d+)`);
  return repairBytes(
    utf8Encode(
      utf8Decode(bytes).replace(counted, (text, count: string) => text.replace(count, String(Number(count) + 1))),
    ),
  );
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function editAt(lines: Line[], at: number, random: SeededRandom): Line[] {
  return lines.map((line, i) => (i === at ? editObject(line, random) : line));
}

export function editPart(lines: Line[], random: SeededRandom, part: string): Line[] {
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

export function swapSalts(lines: Line[], random: SeededRandom): Line[] {
  const records = richRecords(lines);
  const fields = records[random.below(records.length)];
  const [first, second] = Object.values(fields ?? {});
  if (Array.isArray(first) && Array.isArray(second)) [first[0], second[0]] = [second[0] ?? null, first[0] ?? null];
  return lines;
}

export function swapDisclosures(lines: Line[], random: SeededRandom): Line[] {
  const records = richRecords(lines);
  const fields = records[random.below(records.length)];
  const [a, b] = Object.keys(fields ?? {});
  if (fields !== undefined && a !== undefined && b !== undefined)
    [fields[a], fields[b]] = [fields[b] ?? null, fields[a] ?? null];
  return lines;
}

export function exchangeProofs(lines: Line[], random: SeededRandom): Line[] {
  const proofs = lines.filter((line) => line.type === "proof");
  const [a, b] = [proofs[random.below(proofs.length)], proofs[random.below(proofs.length)]];
  if (a !== undefined && b !== undefined) [a.path, b.path] = [b.path ?? [], a.path ?? []];
  return lines;
}

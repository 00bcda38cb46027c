/**
 * C2SP tlog-tiles: where the hashes and entries of a log lie, so that any static file server can publish it.
 * A hash tile holds up to 256 hashes of one level (level L of tiles is tree level 8*L); an entry bundle up to 256
 * entries, each with a two-byte length before it.
 */
import { EvidenceError } from "./evidence-error.ts";
import { HASH_BYTES } from "./merkle.ts";

export const TILE_WIDTH = 256;
/** Tree levels per tile level. */
export const TILE_HEIGHT = 8;
/** What two bytes of length can say. */
export const TILE_ENTRY_BYTES_MAX = 65_535;

/** `x001/x234/067`: groups of three digits, all but the last with an `x` before. */
export function formatTileIndex(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new EvidenceError("out-of-range", "tile index must be a whole number");
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/.{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}

/** Path of a hash tile; `width` below 256 names a partial tile. */
export function hashTilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!Number.isInteger(level) || level < 0 || level > 63)
    throw new EvidenceError("out-of-range", "tile level must be 0 to 63");
  return `tile/${level}/${formatTileIndex(index)}${partialSuffix(width)}`;
}

/** Path of an entry bundle. */
export function entryTilePath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${formatTileIndex(index)}${partialSuffix(width)}`;
}

function partialSuffix(width: number): string {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new EvidenceError("out-of-range", "tile width must be 1 to 256");
  return width === TILE_WIDTH ? "" : `.p/${width}`;
}

/** Where a node of the tree is stored: levels between tile rows are not stored but hashed from the row below. */
export interface TilePosition {
  readonly tileLevel: number;
  readonly tileIndex: number;
  /** Position of the first of `count` hashes whose perfect subtree is the node. */
  readonly offset: number;
  readonly count: number;
}

/** The tile that holds (or covers) the node at a tree level and index. */
export function tileOfNode(level: number, index: number): TilePosition {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * count;
  return { tileLevel, tileIndex: Math.floor(first / TILE_WIDTH), offset: first % TILE_WIDTH, count };
}

/** A row of hashes as tile bytes. */
export function encodeHashTile(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((node, i) => {
    bytes.set(node, i * HASH_BYTES);
  });
  return bytes;
}

/** @throws EvidenceError `malformed` unless 1 to 256 whole hashes. */
export function decodeHashTile(bytes: Uint8Array): readonly Uint8Array[] {
  const width = bytes.length / HASH_BYTES;
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new EvidenceError("malformed", "hash tile has a wrong length");
  return Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/** @throws EvidenceError `limit-exceeded` when an entry is longer than two bytes of length can say. */
export function encodeEntryTile(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > TILE_ENTRY_BYTES_MAX)
      throw new EvidenceError("limit-exceeded", "log entry is longer than 65535 bytes");
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** @throws EvidenceError `malformed` unless 1 to 256 whole entries. */
export function decodeEntryTile(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 <= bytes.length ? at + 2 + view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length || entries.length === TILE_WIDTH)
      throw new EvidenceError("malformed", "entry tile is cut or too long");
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  if (entries.length === 0) throw new EvidenceError("malformed", "entry tile is empty");
  return entries;
}

/**
 * The growing Merkle tree as the writer holds it: the compact range (53 hashes at most) and, for each level of tiles,
 * the one tile that is not full yet, in flat buffers. A million leaves cost 25 KB, not a million objects.
 */
import { type CompactRange, GrowingRange, HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, toHex } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";

/** A copy of the tree's right edge, to store and to grow from. */
export interface TreeEdge {
  readonly range: CompactRange;
  /** By tile level: the hashes of the tile that is not full, one after the other. */
  readonly partial: readonly Uint8Array[];
}

export const EMPTY_EDGE: TreeEdge = { range: { size: 0, hashes: [] }, partial: [] };

export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

export class GrowingTree {
  readonly #range: GrowingRange;
  /** By tile level; each `TILE_WIDTH` hashes long, filled from the left. */
  readonly #tiles: Uint8Array[];
  #full: Tile[] = [];

  constructor(edge: TreeEdge = EMPTY_EDGE) {
    this.#range = new GrowingRange(nodeCrypto, edge.range);
    this.#tiles = edge.partial.map((hashes) => {
      const tile = new Uint8Array(TILE_WIDTH * HASH_BYTES);
      tile.set(hashes);
      return tile;
    });
  }

  get size(): number {
    return this.#range.size;
  }

  append(leaf: Uint8Array): void {
    this.#range.append(leaf, (level, index, node) => {
      if (level % TILE_HEIGHT === 0) this.#keep(level / TILE_HEIGHT, index, node);
    });
  }

  #keep(level: number, index: number, node: Uint8Array): void {
    const tile = this.#tiles[level] ?? new Uint8Array(TILE_WIDTH * HASH_BYTES);
    this.#tiles[level] = tile;
    const at = index % TILE_WIDTH;
    tile.set(node, at * HASH_BYTES);
    if (at === TILE_WIDTH - 1) this.#full.push({ level, index: Math.floor(index / TILE_WIDTH), hashes: tile.slice() });
  }

  root(): Uint8Array {
    return this.#range.root();
  }

  rootHex(): string {
    return toHex(this.root());
  }

  /** Tiles that became full since the last call. */
  takeFullTiles(): readonly Tile[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  edge(): TreeEdge {
    const range = this.#range.snapshot();
    return { range, partial: this.#tiles.map((tile, level) => tile.slice(0, widthAt(range.size, level) * HASH_BYTES)) };
  }
}

/** Hashes in the last, partial tile of a level; 0 when the level ends with a full one. */
export function widthAt(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
}

/** The partial tiles of an edge, as tiles. */
export function partialTiles(edge: TreeEdge): readonly Tile[] {
  return edge.partial.flatMap((hashes, level) => {
    const index = Math.floor(edge.range.size / TILE_WIDTH ** (level + 1));
    return hashes.length === 0 ? [] : [{ level, index, hashes }];
  });
}

/** Root of the tree that an edge belongs to, 64 hex. */
export function edgeRoot(edge: TreeEdge): string {
  return toHex(new GrowingRange(nodeCrypto, edge.range).root());
}

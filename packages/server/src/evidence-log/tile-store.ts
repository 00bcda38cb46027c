/**
 * Tiles on disk in the layout of C2SP tlog-tiles, each replaced in one step. They are derived from the segments and
 * not synced: a power cut may take the latest, every proof made from them is checked before it is given out, and
 * `rebuildTiles` makes them anew.
 */
import { AegisError } from "@aegisflow/core";
import { HASH_BYTES, hashTilePath, type NodeReader, nodeHash, TILE_WIDTH, tileOfNode } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type FileSystem, folderOf, readWhole, replaceFile } from "./file-system.ts";
import { type Tile, type TreeEdge, widthAt } from "./tree-edge.ts";

export interface TileWriter {
  writeFull(tiles: readonly Tile[]): void;
  /** Replaces the partial tiles of the checkpoint before. */
  writePartial(tiles: readonly Tile[]): void;
}

export function createTileWriter(files: FileSystem): TileWriter {
  let partialPaths: readonly string[] = [];
  const write = (tile: Tile): string => {
    const path = hashTilePath(tile.level, tile.index, tile.hashes.length / HASH_BYTES);
    files.makeFolder(folderOf(path));
    replaceFile(files, path, tile.hashes, "cached");
    return path;
  };
  return {
    writeFull: (tiles) => {
      for (const tile of tiles) write(tile);
    },
    writePartial: (tiles) => {
      const paths = tiles.map(write);
      for (const path of partialPaths) if (!paths.includes(path) && files.exists(path)) files.remove(path);
      partialPaths = paths;
    },
  };
}

/**
 * Reads the nodes of the tree that the edge closes on the right: partial tiles from the edge, full ones from disk.
 * The reader keeps what it read; make one per proof or export.
 */
export function createNodeReader(files: FileSystem, edge: TreeEdge): NodeReader {
  const tiles = new Map<string, Uint8Array>();
  const tileAt = (level: number, index: number): Uint8Array => {
    const name = `${level}/${index}`;
    const known = tiles.get(name) ?? loadTile(files, edge, level, index);
    tiles.set(name, known);
    return known;
  };
  return (level, index) => {
    const { tileLevel, tileIndex, offset, count } = tileOfNode(level, index);
    const hashes = tileAt(tileLevel, tileIndex);
    if ((offset + count) * HASH_BYTES > hashes.length) throw missingTile();
    return subtreeRoot(hashes, offset, count);
  };
}

function loadTile(files: FileSystem, edge: TreeEdge, level: number, index: number): Uint8Array {
  const fullTiles = Math.floor(edge.range.size / TILE_WIDTH ** (level + 1));
  if (index === fullTiles && widthAt(edge.range.size, level) > 0) return edge.partial[level] ?? new Uint8Array(0);
  const stored = readWhole(files, hashTilePath(level, index));
  if (stored?.length !== TILE_WIDTH * HASH_BYTES) throw missingTile();
  return stored;
}

function missingTile(): AegisError {
  return new AegisError(
    "corrupt",
    "a tile of the evidence log is missing or damaged, it can be rebuilt from the segments",
  );
}

/** Root over `count` hashes (a power of two) of a tile. */
function subtreeRoot(hashes: Uint8Array, offset: number, count: number): Uint8Array {
  if (count === 1) return hashes.slice(offset * HASH_BYTES, (offset + 1) * HASH_BYTES);
  const half = count / 2;
  return nodeHash(nodeCrypto, subtreeRoot(hashes, offset, half), subtreeRoot(hashes, offset + half, half));
}

/** Makes the newest key file whole after a crash, and checks that no record lost its key. */
import { type FileSystem, readUpTo, writeFully } from "./file-system.ts";
import { KEYS_FOLDER, KEYS_PER_FILE, keyFilePath, readKeyFile } from "./key-files.ts";
import { corrupt } from "./refusal.ts";

/**
 * @param usedMax the highest key id that a record uses; keys are durable before their records
 * @returns the next key id to give out
 * @throws LogRefusal `corrupt` when that key is gone
 */
export function recoverKeyFiles(files: FileSystem, usedMax: number): number {
  const shards = files
    .list(KEYS_FOLDER)
    .map(shardOfName)
    .filter((shard) => shard !== undefined);
  const shard = Math.max(0, ...shards);
  if (shard === 0) {
    if (usedMax > 0) throw corrupt("its key files are gone");
    return 1;
  }
  const { entries, validBytes } = readKeyFile(files, shard);
  const idMax = Math.max((shard - 1) * KEYS_PER_FILE, ...entries.keys());
  if (idMax < usedMax) throw corrupt("a key file has lost keys that records need");
  rewrite(files, shard, validBytes);
  return idMax + 1;
}

function shardOfName(name: string): number | undefined {
  const digits = /^(\d{8})\.keys$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** In place, the same bytes: a failed sync may have left them in the page cache only. */
function rewrite(files: FileSystem, shard: number, validBytes: number): void {
  const file = files.open(keyFilePath(shard), "edit");
  try {
    const valid = readUpTo(file, 0, validBytes);
    file.truncate(validBytes);
    writeFully(file, valid, 0);
    file.sync();
  } finally {
    file.close();
  }
  files.syncFolder(KEYS_FOLDER);
}

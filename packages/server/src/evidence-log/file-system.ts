/**
 * The file operations of the evidence log, as a port: synchronous, because one thread owns the order of writes, and
 * small, because the crash simulation implements all of it. Paths are relative to the log's folder, with `/`.
 *
 * Durability: bytes survive a power cut only after `datasync` or `sync` of their file; a name (created, renamed or
 * removed) only after `syncFolder` of its folder. After an error of a sync the page cache may show bytes that the
 * disk never got: nobody may sync the same file again and believe it.
 */

export interface OpenFile {
  /** Writes at a position; may write fewer bytes than given, the count is returned. */
  write(bytes: Uint8Array, position: number): number;
  /** Reads into the array from a position; 0 at the end of the file. */
  read(into: Uint8Array, position: number): number;
  /** Data, and the length when it grew. */
  datasync(): void;
  /** Data and metadata. */
  sync(): void;
  truncate(length: number): void;
  size(): number;
  close(): void;
}

/** `read`: must exist. `edit`: must exist, read and write. `create`: must not exist; mode 0600. */
export type OpenMode = "read" | "edit" | "create";

export interface FileSystem {
  open(path: string, mode: OpenMode): OpenFile;
  exists(path: string): boolean;
  /** Names in a folder, unsorted; empty when there is no such folder. */
  list(folder: string): readonly string[];
  /** With parents, mode 0700; quiet when it exists. */
  makeFolder(folder: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  syncFolder(folder: string): void;
  /** Bytes that this process can still write. */
  freeBytes(): number;
}

/** Writes all bytes, however short the single writes are. */
export function writeFully(file: OpenFile, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const written = file.write(bytes.subarray(done), position + done);
    if (written <= 0) throw new Error("the file system wrote nothing");
    done += written;
  }
}

/** Up to `length` bytes from a position; shorter only at the end of the file. */
export function readUpTo(file: OpenFile, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = file.read(bytes.subarray(done), position + done);
    if (count <= 0) break;
    done += count;
  }
  return done === length ? bytes : bytes.subarray(0, done);
}

/** A whole small file, or undefined when it is not there. */
export function readWhole(files: FileSystem, path: string): Uint8Array | undefined {
  if (!files.exists(path)) return undefined;
  const file = files.open(path, "read");
  try {
    return readUpTo(file, 0, file.size());
  } finally {
    file.close();
  }
}

/**
 * Replaces a file in one step: readers see the old or the new bytes, never a mixture.
 * `durable`: also after a power cut; otherwise the name may go back to the old file, its bytes are whole either way
 * only when `synced`.
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  keep: "durable" | "synced" | "cached",
): void {
  const temporary = `${path}.tmp`;
  if (files.exists(temporary)) files.remove(temporary);
  const file = files.open(temporary, "create");
  try {
    writeFully(file, bytes, 0);
    if (keep !== "cached") file.sync();
  } finally {
    file.close();
  }
  files.rename(temporary, path);
  if (keep === "durable") files.syncFolder(folderOf(path));
}

/** Folder part of a path; empty for the log's own folder. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

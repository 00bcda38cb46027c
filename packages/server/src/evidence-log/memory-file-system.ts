/** The file port in memory, for the in-memory log: everything is "durable" at once and gone with the process. */
import type { FileSystem, OpenFile } from "./file-system.ts";

interface MemoryFile {
  /** Grown by doubling; `length` bytes of it are the file. */
  bytes: Uint8Array;
  length: number;
}

export function createMemoryFileSystem(): FileSystem {
  const files = new Map<string, MemoryFile>();
  const find = (path: string): MemoryFile => {
    const file = files.get(path);
    if (file === undefined) throw new Error(`ENOENT: ${path}`);
    return file;
  };
  return {
    open: (path, mode) => {
      if (mode === "create" && files.has(path)) throw new Error(`EEXIST: ${path}`);
      if (mode === "create") files.set(path, { bytes: new Uint8Array(256), length: 0 });
      return openMemoryFile(find(path));
    },
    exists: (path) => files.has(path),
    list: (folder) => {
      const prefix = `${folder}/`;
      const inside = [...files.keys()]
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length));
      return inside.filter((name) => !name.includes("/"));
    },
    makeFolder: () => {},
    rename: (from, to) => {
      const file = find(from);
      files.delete(from);
      files.set(to, file);
    },
    remove: (path) => {
      find(path);
      files.delete(path);
    },
    syncFolder: () => {},
    freeBytes: () => Number.MAX_SAFE_INTEGER,
  };
}

function openMemoryFile(file: MemoryFile): OpenFile {
  const resize = (length: number): void => {
    if (length > file.bytes.length) {
      const grown = new Uint8Array(Math.max(length, file.bytes.length * 2));
      grown.set(file.bytes.subarray(0, file.length));
      file.bytes = grown;
    }
    if (length < file.length) file.bytes.fill(0, length, file.length);
    file.length = length;
  };
  return {
    write: (bytes, position) => {
      if (position + bytes.length > file.length) resize(position + bytes.length);
      file.bytes.set(bytes, position);
      return bytes.length;
    },
    read: (into, position) => {
      const bytes = file.bytes.subarray(position, Math.min(file.length, position + into.length));
      into.set(bytes);
      return bytes.length;
    },
    datasync: () => {},
    sync: () => {},
    truncate: resize,
    size: () => file.length,
    close: () => {},
  };
}

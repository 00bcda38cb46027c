/** The file port over `node:fs`, for Bun and Node. Folders are 0700 and files 0600: nobody else reads evidence. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { FileSystem, OpenFile, OpenMode } from "./file-system.ts";

const FLAGS: Readonly<Record<OpenMode, string>> = { read: "r", edit: "r+", create: "wx+" };

/** Files below one folder, which is created when it is missing. */
export function createNodeFileSystem(root: string): FileSystem {
  if (!existsSync(root)) {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    syncPath(dirname(root));
  }
  const at = (path: string): string => join(root, path);
  return {
    open: (path, mode) => openNodeFile(openSync(at(path), FLAGS[mode], 0o600)),
    exists: (path) => existsSync(at(path)),
    list: (folder) => (existsSync(at(folder)) ? readdirSync(at(folder)) : []),
    makeFolder: (folder) => {
      mkdirSync(at(folder), { recursive: true, mode: 0o700 });
    },
    rename: (from, to) => renameSync(at(from), at(to)),
    remove: (path) => unlinkSync(at(path)),
    syncFolder: (folder) => syncPath(at(folder)),
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(root);
      return bavail * bsize;
    },
  };
}

function openNodeFile(fd: number): OpenFile {
  return {
    write: (bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
    read: (into, position) => readSync(fd, into, 0, into.length, position),
    datasync: () => fdatasyncSync(fd),
    sync: () => fsyncSync(fd),
    truncate: (length) => ftruncateSync(fd, length),
    size: () => fstatSync(fd).size,
    close: () => closeSync(fd),
  };
}

/** A folder is opened and synced like a file: only this makes its names survive a power cut. */
function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * A file system in memory that loses exactly what a real one may lose. Writes stay in a page cache until their file
 * is synced; names until their folder is. A power cut keeps any subset of the 512-byte sectors and of the name
 * changes that were not synced. A failed sync drops the dirty pages but keeps showing them, as Linux does.
 * Faults come from a plan: short writes, an error or a crash at the n-th operation.
 */
import type { FileSystem, OpenFile, OpenMode } from "../file-system.ts";
import { folderOf } from "../file-system.ts";
import type { SeededRandom } from "./seeded-random.ts";

const SECTOR_BYTES = 512;

export interface FaultPlan {
  /** The process dies when it starts this operation (counted from 1). */
  readonly crashAtOperation?: number;
  /** This operation fails with EIO (write, sync, rename ...). */
  readonly failAtOperation?: number;
  /** Chance that a write takes only a part of its bytes. */
  readonly shortWrites?: number;
  /** Writes that would use more than this many bytes in all fail with ENOSPC. */
  readonly capacityBytes?: number;
}

/** Thrown at the planned crash, and by everything the dead process tries afterwards. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
}

/** How much of what was not synced a power cut keeps. */
type Survival = "nothing" | "everything" | "some";

interface DirtyWrite {
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface Inode {
  readonly isFolder: boolean;
  /** What readers see. */
  data: Uint8Array;
  /** What a power cut leaves. */
  durable: Uint8Array;
  dirty: (DirtyWrite | { readonly truncateTo: number })[];
}

interface NameChange {
  readonly sets: readonly (readonly [path: string, inode: Inode | undefined])[];
}

interface Names {
  readonly current: Map<string, Inode>;
  readonly durable: Map<string, Inode>;
  /** By folder, in order, what its next sync will keep. */
  readonly pending: Map<string, NameChange[]>;
}

export interface SimulatedFileSystem extends FileSystem {
  /** Operations that could have failed so far. */
  operations(): number;
  /** The disk after the process died and was started again; the page cache lives on. */
  afterProcessDeath(plan: FaultPlan): SimulatedFileSystem;
  /** The disk after a power cut. */
  afterPowerCut(plan: FaultPlan): SimulatedFileSystem;
  /** All bytes of a file that readers see now; for tests that play attacker. */
  peek(path: string): Uint8Array;
  /** Replaces a file on the disk itself; for tests that play attacker. */
  poke(path: string, bytes: Uint8Array | undefined): void;
  paths(): readonly string[];
}

export function createSimulatedFileSystem(random: SeededRandom, plan: FaultPlan = {}): SimulatedFileSystem {
  return simulate(random, plan, { current: new Map(), durable: new Map(), pending: new Map() });
}

function simulate(random: SeededRandom, plan: FaultPlan, names: Names): SimulatedFileSystem {
  let operations = 0;
  let dead = false;
  const die = (): void => {
    dead = true;
  };
  /** Counts one operation; true when it must fail. */
  const faulty = (): boolean => {
    if (dead) throw new SimulatedCrash("the process is dead");
    operations++;
    if (plan.crashAtOperation !== undefined && operations >= plan.crashAtOperation) {
      throw new SimulatedCrash(`crash at operation ${operations}`);
    }
    return operations === plan.failAtOperation;
  };
  const find = (path: string): Inode => {
    const inode = names.current.get(path);
    if (inode === undefined) throw new Error(`ENOENT: ${path}`);
    return inode;
  };
  const change = (folder: string, sets: NameChange["sets"]): void => {
    if (faulty()) throw new Error("EIO: name change");
    for (const [path, inode] of sets) setName(names.current, path, inode);
    names.pending.set(folder, [...(names.pending.get(folder) ?? []), { sets }]);
  };
  const usedBytes = (): number => [...names.current.values()].reduce((sum, inode) => sum + inode.data.length, 0);
  const mayGrow = (bytes: number): boolean =>
    plan.capacityBytes === undefined || usedBytes() + bytes <= plan.capacityBytes;

  return {
    open: (path, mode) => {
      if (mode === "create") {
        if (names.current.has(path)) throw new Error(`EEXIST: ${path}`);
        change(folderOf(path), [[path, newInode(false)]]);
      }
      return openInode(find(path), mode, { random, plan, faulty, mayGrow });
    },
    exists: (path) => names.current.has(path),
    list: (folder) => childrenOf(names.current, folder),
    makeFolder: (folder) => {
      const parts = folder.split("/");
      for (let depth = 1; depth <= parts.length; depth++) {
        const path = parts.slice(0, depth).join("/");
        if (!names.current.has(path)) change(folderOf(path), [[path, newInode(true)]]);
      }
    },
    rename: (from, to) =>
      change(folderOf(to), [
        [from, undefined],
        [to, find(from)],
      ]),
    remove: (path) => {
      find(path);
      change(folderOf(path), [[path, undefined]]);
    },
    syncFolder: (folder) => {
      if (faulty()) throw new Error("EIO: sync of a folder");
      for (const { sets } of names.pending.get(folder) ?? []) {
        for (const [path, inode] of sets) setName(names.durable, path, inode);
      }
      names.pending.delete(folder);
    },
    freeBytes: () => (plan.capacityBytes === undefined ? Number.MAX_SAFE_INTEGER : plan.capacityBytes - usedBytes()),
    operations: () => operations,
    afterProcessDeath: (next) => {
      die();
      return simulate(random, next, names);
    },
    afterPowerCut: (next) => {
      die();
      return simulate(random, next, cutPower(random, names));
    },
    peek: (path) => find(path).data,
    poke: (path, bytes) => {
      const inode = bytes === undefined ? undefined : { ...newInode(false), data: bytes, durable: bytes };
      setName(names.current, path, inode);
      setName(names.durable, path, inode);
    },
    paths: () => [...names.current.keys()].filter((path) => !find(path).isFolder),
  };
}

function newInode(isFolder: boolean): Inode {
  return { isFolder, data: new Uint8Array(0), durable: new Uint8Array(0), dirty: [] };
}

function setName(names: Map<string, Inode>, path: string, inode: Inode | undefined): void {
  if (inode === undefined) names.delete(path);
  else names.set(path, inode);
}

function childrenOf(names: ReadonlyMap<string, Inode>, folder: string): readonly string[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  return [...names.keys()]
    .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
    .map((path) => path.slice(prefix.length));
}

interface OpenContext {
  readonly random: SeededRandom;
  readonly plan: FaultPlan;
  readonly faulty: () => boolean;
  readonly mayGrow: (bytes: number) => boolean;
}

function openInode(inode: Inode, mode: OpenMode, context: OpenContext): OpenFile {
  const { random, plan, faulty, mayGrow } = context;
  const writable = (): void => {
    if (mode === "read") throw new Error("EBADF: file is open for reading");
  };
  const write = (bytes: Uint8Array, position: number): void => {
    inode.data = overlay(inode.data, bytes, position);
    inode.dirty.push({ position, bytes: bytes.slice() });
  };
  const sync = (): void => {
    if (faulty()) {
      inode.durable = surviving(random, inode, "some");
      inode.dirty = [];
      throw new Error("EIO: sync");
    }
    // Only dirty pages are written: what a failed sync dropped stays lost, however often one syncs again.
    inode.durable = surviving(random, inode, "everything");
    inode.dirty = [];
  };
  return {
    write: (bytes, position) => {
      writable();
      const part = bytes.subarray(0, random.chance(plan.shortWrites ?? 0) ? 1 + random.below(bytes.length) : undefined);
      try {
        if (faulty()) throw new Error("EIO: write");
        if (!mayGrow(Math.max(0, position + bytes.length - inode.data.length))) throw new Error("ENOSPC: write");
      } catch (error) {
        write(bytes.subarray(0, random.below(bytes.length + 1)), position);
        throw error;
      }
      write(part, position);
      return part.length;
    },
    read: (into, position) => {
      const bytes = inode.data.subarray(position, position + into.length);
      into.set(bytes);
      return bytes.length;
    },
    datasync: sync,
    sync,
    truncate: (length) => {
      writable();
      if (faulty()) throw new Error("EIO: truncate");
      inode.data = resized(inode.data, length);
      inode.dirty.push({ truncateTo: length });
    },
    size: () => inode.data.length,
    close: () => {},
  };
}

function overlay(data: Uint8Array, bytes: Uint8Array, position: number): Uint8Array {
  const end = position + bytes.length;
  const result = end > data.length ? resized(data, end) : data.slice();
  result.set(bytes, position);
  return result;
}

function resized(data: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(data.subarray(0, length));
  return result;
}

function cutPower(random: SeededRandom, names: Names): Names {
  const survival = (["nothing", "everything", "some", "some"] as const)[random.below(4)] ?? "some";
  const durable = new Map(names.durable);
  for (const changes of names.pending.values()) {
    for (const { sets } of changes) {
      if (!survives(random, survival)) continue;
      for (const [path, inode] of sets) setName(durable, path, inode);
    }
  }
  const reachable = [...durable].filter(([path]) => hasFolders(durable, path));
  const inodes = new Map<Inode, Inode>();
  for (const [, inode] of reachable) {
    const data = surviving(random, inode, survival);
    inodes.set(inode, { isFolder: inode.isFolder, data, durable: data, dirty: [] });
  }
  const after = new Map(reachable.map(([path, inode]) => [path, inodes.get(inode) ?? newInode(false)]));
  return { current: after, durable: new Map(after), pending: new Map() };
}

function hasFolders(names: ReadonlyMap<string, Inode>, path: string): boolean {
  const folder = folderOf(path);
  return folder === "" || (names.has(folder) && hasFolders(names, folder));
}

function survives(random: SeededRandom, survival: Survival): boolean {
  return survival === "everything" || (survival === "some" && random.chance(0.5));
}

/** The bytes of a file after a power cut: what was synced, and some sectors of what was not, in any order. */
function surviving(random: SeededRandom, inode: Inode, survival: Survival): Uint8Array {
  let data: Uint8Array = inode.durable.slice();
  for (const write of inode.dirty) {
    if ("truncateTo" in write) {
      if (survives(random, survival)) data = resized(data, write.truncateTo);
      continue;
    }
    for (const piece of sectorsOf(write)) {
      if (survives(random, survival)) data = overlay(data, piece.bytes, piece.position);
    }
  }
  // The length may reach the disk before the data does: zeros where nothing was written.
  return survives(random, survival) && inode.data.length > data.length ? resized(data, inode.data.length) : data;
}

function sectorsOf(write: DirtyWrite): readonly DirtyWrite[] {
  const pieces: DirtyWrite[] = [];
  for (let done = 0; done < write.bytes.length; ) {
    const position = write.position + done;
    const length = Math.min(SECTOR_BYTES - (position % SECTOR_BYTES), write.bytes.length - done);
    pieces.push({ position, bytes: write.bytes.subarray(done, done + length) });
    done += length;
  }
  return pieces;
}

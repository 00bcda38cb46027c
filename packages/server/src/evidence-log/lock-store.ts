/**
 * The last thing this log's key signed: size, root and the writer's epoch, in two slots written in turn, so that a
 * torn write leaves the other one. It is compared and swapped, durably, *before* a checkpoint is signed: a log that
 * was set back, or a second writer, can then never sign another history of the same size.
 * Trusted: deleting it gives up this protection, so a log with records refuses to start without it.
 */
import { crc32 } from "node:zlib";
import { AegisError } from "@aegisflow/core";
import { fromHex, toHex } from "@aegisflow/evidence";
import { type FileSystem, type OpenFile, readUpTo, writeFully } from "./file-system.ts";

/** What was signed last; size 0 before the first checkpoint. */
export interface SignedState {
  readonly size: number;
  /** 64 hex. */
  readonly root: string;
  /** Grows with every opening of the log: the newest opener wins. */
  readonly epoch: number;
}

export const LOCK_PATH = "lock";
/** Apart by more than a sector, so that one torn write cannot reach both. */
const SLOT_STRIDE = 4096;
const SLOT_BYTES = 8 + 8 + 8 + 8 + 32 + 4;
const MAGIC = Buffer.from("AEGLOCK1", "latin1");

export interface LockStore {
  current(): SignedState;
  /**
   * Durable when it returns.
   * @throws AegisError `conflict` when the stored state is not the expected one: another process took over.
   */
  swap(expected: SignedState, next: SignedState): void;
  close(): void;
}

interface Slot extends SignedState {
  readonly counter: number;
}

export function lockExists(files: FileSystem): boolean {
  return files.exists(LOCK_PATH);
}

/** Creates the store when it is missing. @throws AegisError `corrupt` when neither slot can be read. */
export function openLockStore(files: FileSystem, emptyRoot: string): LockStore {
  if (!lockExists(files)) createLock(files, { counter: 1, size: 0, root: emptyRoot, epoch: 0 });
  const file = files.open(LOCK_PATH, "edit");
  settle(file);
  return {
    current: () => newestSlot(file),
    swap: (expected, next) => {
      const stored = newestSlot(file);
      if (stored.size !== expected.size || stored.root !== expected.root || stored.epoch !== expected.epoch) {
        throw new AegisError("conflict", "another process writes this evidence log, stop one of the two");
      }
      const counter = stored.counter + 1;
      writeSlot(file, { ...next, counter });
    },
    close: () => file.close(),
  };
}

function createLock(files: FileSystem, slot: Slot): void {
  const temporary = `${LOCK_PATH}.tmp`;
  if (files.exists(temporary)) files.remove(temporary);
  const file = files.open(temporary, "create");
  const bytes = new Uint8Array(SLOT_STRIDE + SLOT_BYTES);
  bytes.set(encodeSlot(slot), (slot.counter % 2) * SLOT_STRIDE);
  writeFully(file, bytes, 0);
  file.sync();
  file.close();
  files.rename(temporary, LOCK_PATH);
  files.syncFolder("");
}

/**
 * The newest slot may be in the page cache only, left there by a process that died before its sync. It is made
 * durable in its own place before anything overwrites the other slot, which is perhaps all that the disk has.
 */
function settle(file: OpenFile): void {
  writeSlot(file, newestSlot(file));
}

/** Durable when it returns. */
function writeSlot(file: OpenFile, slot: Slot): void {
  writeFully(file, encodeSlot(slot), (slot.counter % 2) * SLOT_STRIDE);
  file.datasync();
}

function newestSlot(file: OpenFile): Slot {
  const slots = [0, SLOT_STRIDE].map((at) => decodeSlot(Buffer.from(readUpTo(file, at, SLOT_BYTES))));
  const [first, second] = slots;
  const newest = first === undefined || (second !== undefined && second.counter > first.counter) ? second : first;
  if (newest === undefined) throw new AegisError("corrupt", "the evidence log's lock file is damaged, restore it");
  return newest;
}

function encodeSlot(slot: Slot): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(slot.counter), 8);
  bytes.writeBigUInt64LE(BigInt(slot.epoch), 16);
  bytes.writeBigUInt64LE(BigInt(slot.size), 24);
  bytes.set(fromHex(slot.root), 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 64)), 64);
  return bytes;
}

function decodeSlot(bytes: Buffer): Slot | undefined {
  if (bytes.length < SLOT_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined;
  if (bytes.readUInt32LE(64) !== crc32(bytes.subarray(0, 64))) return undefined;
  return {
    counter: Number(bytes.readBigUInt64LE(8)),
    epoch: Number(bytes.readBigUInt64LE(16)),
    size: Number(bytes.readBigUInt64LE(24)),
    root: toHex(bytes.subarray(32, 64)),
  };
}

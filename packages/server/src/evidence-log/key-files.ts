/**
 * Keys at rest, all 0600 below `keys/`: the seed that signs checkpoints, the KEK, and the sessions' key sets, each
 * sealed by the KEK (AES-256-GCM, bound to tenant, session and key id), 1024 to a file. Key files are appended to in
 * the batch that first needs the key, before its records; erasing rewrites one file without the erased keys.
 *   entry = length u32 | crc32 u32 | key id u32 | nonce 12 B | sealed key set
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { crc32 } from "node:zlib";
import { AegisError } from "@aegisflow/core";
import { type FileSystem, readWhole, replaceFile } from "./file-system.ts";
import { decodeKeySet, encodeKeySet, KEY_BYTES, type KeySet } from "./key-tree.ts";
import { asBuffer } from "./segment-format.ts";
import type { SessionRef } from "./session-state.ts";

export const KEYS_FOLDER = "keys";
export const LOG_SEED_PATH = `${KEYS_FOLDER}/log.key`;
export const KEK_PATH = `${KEYS_FOLDER}/kek.key`;
/** Sessions whose keys share a file: what one erasure rewrites, about 100 KB. */
export const KEYS_PER_FILE = 1024;

const ENTRY_PREFIX_BYTES = 12;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `keys/00000001.keys`; key ids start at 1. */
export function keyFilePath(shard: number): string {
  return `${KEYS_FOLDER}/${String(shard).padStart(8, "0")}.keys`;
}

export function shardOf(keyId: number): number {
  return Math.floor((keyId - 1) / KEYS_PER_FILE) + 1;
}

/** A 32-byte secret, made at the first start. */
export function loadOrCreateSecret(
  files: FileSystem,
  path: string,
  randomBytes: (count: number) => Uint8Array,
  mayCreate: boolean,
): Uint8Array {
  const stored = readWhole(files, path);
  if (stored?.length === KEY_BYTES) return stored;
  if (stored !== undefined || !mayCreate) {
    throw new AegisError("corrupt", `\`${path}\` of the evidence log is missing or damaged, restore it from a backup`);
  }
  const secret = randomBytes(KEY_BYTES);
  replaceFile(files, path, secret, "durable");
  return secret;
}

/** One entry of a key file. */
export function encodeKeyEntry(
  kek: Uint8Array,
  keyId: number,
  ref: SessionRef,
  set: KeySet,
  nonce: Uint8Array,
): Buffer {
  const cipher = createCipheriv("aes-256-gcm", kek, nonce);
  cipher.setAAD(boundTo(keyId, ref));
  const sealed = Buffer.concat([cipher.update(encodeKeySet(set)), cipher.final(), cipher.getAuthTag()]);
  const entry = Buffer.alloc(ENTRY_PREFIX_BYTES + NONCE_BYTES + sealed.length);
  entry.writeUInt32LE(entry.length, 0);
  entry.writeUInt32LE(keyId, 8);
  entry.set(nonce, ENTRY_PREFIX_BYTES);
  entry.set(sealed, ENTRY_PREFIX_BYTES + NONCE_BYTES);
  entry.writeUInt32LE(crc32(entry.subarray(8)), 4);
  return entry;
}

function boundTo(keyId: number, { tenant, sid }: SessionRef): Buffer {
  return Buffer.from(`aegisflow.dev/session-key/v1\u0000${tenant}\u0000${sid}\u0000${keyId}`, "utf8");
}

/** @throws AegisError `corrupt` when the KEK does not open it. */
export function openKeyEntry(kek: Uint8Array, entry: Uint8Array, ref: SessionRef): KeySet {
  const bytes = asBuffer(entry);
  const sealed = bytes.subarray(ENTRY_PREFIX_BYTES + NONCE_BYTES);
  try {
    const nonce = bytes.subarray(ENTRY_PREFIX_BYTES, ENTRY_PREFIX_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", kek, nonce);
    decipher.setAAD(boundTo(bytes.readUInt32LE(8), ref));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const opened = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    return decodeKeySet(Buffer.concat([opened, decipher.final()]));
  } catch (cause) {
    throw new AegisError("corrupt", "the keys of a session's disclosures do not open, restore the key files", {
      cause,
    });
  }
}

export interface KeyFileContent {
  /** Entries by key id. */
  readonly entries: ReadonlyMap<number, Uint8Array>;
  /** Bytes up to the end of the last whole entry. */
  readonly validBytes: number;
  readonly totalBytes: number;
}

/** Reads the entries up to the first damaged one. */
export function readKeyFile(files: FileSystem, shard: number): KeyFileContent {
  const bytes = asBuffer(readWhole(files, keyFilePath(shard)) ?? new Uint8Array(0));
  const entries = new Map<number, Uint8Array>();
  let at = 0;
  while (at + ENTRY_PREFIX_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const entry = bytes.subarray(at, at + length);
    if (length < ENTRY_PREFIX_BYTES || entry.length < length) break;
    if (entry.readUInt32LE(4) !== crc32(entry.subarray(8))) break;
    entries.set(entry.readUInt32LE(8), entry);
    at += length;
  }
  return { entries, validBytes: at, totalBytes: bytes.length };
}

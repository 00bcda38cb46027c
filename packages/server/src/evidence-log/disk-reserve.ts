/**
 * Space kept back for the last words: a ballast file that is given up when the disk is full, so that recovery can
 * still record what was in flight, and a reserve below which the log does not start at all.
 */
import { AegisError } from "@aegisflow/core";
import type { EvidenceLimits } from "./evidence-limits.ts";
import { type FileSystem, writeFully } from "./file-system.ts";

export const BALLAST_PATH = "ballast";
const CHUNK_BYTES = 1024 * 1024;

export type DiskState = "enough" | "only-last-words";

/**
 * Looks before anything is written.
 * @throws AegisError `unavailable` when the disk is full and the ballast is gone already.
 */
export function checkReserve(files: FileSystem, limits: EvidenceLimits): DiskState {
  if (files.freeBytes() >= limits.reserveBytes) return "enough";
  if (!files.exists(BALLAST_PATH)) throw diskFull(limits);
  files.remove(BALLAST_PATH);
  files.syncFolder("");
  return "only-last-words";
}

export function diskFull({ reserveBytes }: EvidenceLimits): AegisError {
  const mib = Math.ceil(reserveBytes / CHUNK_BYTES);
  return new AegisError("unavailable", `the evidence log's disk is full, free at least ${mib} MiB and start again`);
}

/** Makes the ballast again; real bytes, because a sparse file would hold nothing back. */
export function restoreBallast(
  files: FileSystem,
  limits: EvidenceLimits,
  randomBytes: (count: number) => Uint8Array,
): void {
  if (limits.ballastBytes === 0 || files.exists(BALLAST_PATH)) return;
  if (files.freeBytes() < limits.reserveBytes + limits.ballastBytes) return;
  const file = files.open(BALLAST_PATH, "create");
  try {
    const chunk = randomBytes(Math.min(CHUNK_BYTES, limits.ballastBytes)).slice();
    for (let at = 0; at < limits.ballastBytes; at += chunk.length) {
      writeFully(file, chunk.subarray(0, Math.min(chunk.length, limits.ballastBytes - at)), at);
    }
    file.datasync();
  } finally {
    file.close();
  }
}

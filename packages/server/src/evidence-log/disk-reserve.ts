/**
 * Space kept back for the last words: a ballast file that is given up when the disk is full, so that recovery can
 * still record what was in flight, and a reserve below which the log does not start at all.
 */
import { AegisError } from "@aegisflow/core";
import type { EvidenceLimits } from "./evidence-limits.ts";
import { type FileSystem, writeFully } from "./file-system.ts";

export const BALLAST_PATH = "ballast";
const CHUNK_BYTES = 256 * 1024;
const MIB = 1024 * 1024;

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
  const mib = Math.ceil(reserveBytes / MIB);
  return new AegisError("unavailable", `the evidence log's disk is full, free at least ${mib} MiB and start again`);
}

/**
 * Makes the ballast again, beside other work. Real bytes, because a sparse file would hold nothing back; not synced,
 * because the space is taken as soon as they are written.
 */
export async function restoreBallast(
  files: FileSystem,
  { ballastBytes, reserveBytes }: EvidenceLimits,
  sources: { readonly randomBytes: (count: number) => Uint8Array; readonly pause: () => Promise<void> },
): Promise<void> {
  if (ballastBytes === 0 || files.freeBytes() < reserveBytes + ballastBytes) return;
  const file = files.open(BALLAST_PATH, files.exists(BALLAST_PATH) ? "edit" : "create");
  try {
    const chunk = sources.randomBytes(CHUNK_BYTES).slice();
    for (let at = file.size(); at < ballastBytes; at += chunk.length) {
      writeFully(file, chunk.subarray(0, Math.min(chunk.length, ballastBytes - at)), at);
      await sources.pause();
    }
  } finally {
    file.close();
  }
}

/**
 * The operator's way out when evidence is damaged or was set back: everything is put aside, untouched, and a new log
 * begins under a new origin whose first records name what the old one had signed. The old origin is never signed
 * again, so nobody can be shown two histories under one name.
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { AegisError } from "@aegisflow/core";
import { LOCK_PATH, openLockStore } from "./lock-store.ts";
import { type LogOrigin, originText, readOrigin, writeOrigin } from "./log-origin.ts";
import { createNodeFileSystem } from "./node-file-system.ts";

export interface AcceptedLoss {
  /** Where the old files are now. */
  readonly kept: string;
  readonly origin: string;
  /** What the old log had signed last; size 0 when even that is gone. */
  readonly previous: { readonly origin: string; readonly size: number; readonly root: string };
}

/** Stays where it is: what was put aside before, and the name of the log. */
const STAYS = /^(?:lost-\d+|origin\.json|ballast)$/;
const UNKNOWN_ROOT = "0".repeat(64);

/**
 * The server must be stopped. A run that was interrupted is finished by the next.
 * @throws AegisError `not-found` when the folder holds no log.
 */
export function recoverAcceptLoss(folder: string): AcceptedLoss {
  if (!existsSync(folder)) throw new AegisError("not-found", `there is no evidence log at \`${folder}\``);
  const files = createNodeFileSystem(folder);
  const old = readOrigin(files);
  if (old === undefined) throw new AegisError("not-found", `there is no evidence log at \`${folder}\``);
  const kept = `lost-${old.generation}`;
  mkdirSync(join(folder, kept), { recursive: true, mode: 0o700 });
  const signed = lastSigned(folder, kept);
  for (const name of readdirSync(folder)) {
    if (!STAYS.test(name)) renameSync(join(folder, name), join(folder, kept, name));
  }
  files.syncFolder(kept);
  files.syncFolder("");
  const previous = { origin: originText(old), size: String(signed.size), root: signed.root };
  const next: LogOrigin = { logName: old.logName, generation: old.generation + 1, previous };
  writeOrigin(files, next);
  return { kept: join(folder, kept), origin: originText(next), previous: { ...previous, size: signed.size } };
}

function lastSigned(folder: string, kept: string): { readonly size: number; readonly root: string } {
  const place = [folder, join(folder, kept)].find((candidate) => existsSync(join(candidate, LOCK_PATH)));
  if (place === undefined) return { size: 0, root: UNKNOWN_ROOT };
  try {
    const lock = openLockStore(createNodeFileSystem(place), UNKNOWN_ROOT);
    try {
      return lock.current();
    } finally {
      lock.close();
    }
  } catch {
    return { size: 0, root: UNKNOWN_ROOT };
  }
}

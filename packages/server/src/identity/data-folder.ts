/**
 * The folder that holds the database, the evidence and the keys. Made on first start with mode 0700, its secrets
 * with 0600; what is open to others is refused, because then the keys may have been read already.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { AegisError, errorText } from "@aegisflow/core/errors";

const OPEN_TO_OTHERS = 0o077;

/** `data_dir` of the configuration, else $AEGISFLOW_HOME, else ~/.aegisflow. */
export function dataFolderPath(configured: string | undefined, environment: NodeJS.ProcessEnv): string {
  const fromEnvironment = environment.AEGISFLOW_HOME;
  if (configured !== undefined && configured !== "") return configured;
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  return join(homedir(), ".aegisflow");
}

/** @throws AegisError `config-invalid` when it cannot be made, is not a folder, or is open to others. */
export function openDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AegisError("config-invalid", `cannot make the data folder \`${path}\`; choose another data_dir`, {
      detail: errorText(error),
      cause: error,
    });
  }
  assertPrivate(path, "700");
}

/** A secret file's bytes; made of `create()` when there is none. @throws AegisError `config-invalid` or `corrupt`. */
export function openSecretFile(path: string, bytesExact: number, create: () => Uint8Array): Uint8Array {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) writeSecretFile(path, create());
  assertPrivate(path, "600");
  const bytes = readFileSync(path);
  if (bytes.byteLength !== bytesExact) {
    throw new AegisError("corrupt", `\`${path}\` is damaged; restore it from a backup`);
  }
  return bytes;
}

/** Durable when it returns, and never half written: a new file takes the old one's place. */
export function writeSecretFile(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    if (typeof content === "string") writeSync(file, content);
    else writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function assertPrivate(path: string, mode: string): void {
  // NOTE: bits only; who owns the file is the operator's business (containers map users).
  if ((statSync(path).mode & OPEN_TO_OTHERS) !== 0) {
    throw new AegisError(
      "config-invalid",
      `\`${path}\` is open to other users; run chmod ${mode} on it and replace its keys`,
    );
  }
}

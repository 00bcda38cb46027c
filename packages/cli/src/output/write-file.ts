/** Files that commands write: private to the user, and never over something that is there unless told to. */
import { randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { AegisError, errorText } from "@aegisflow/core/errors";
import type { CliIo } from "../cli-io.ts";

export interface WriteOptions {
  /** As the user wrote it; `-` is standard output. */
  readonly file: string;
  readonly force: boolean;
}

/** @throws AegisError `conflict` when the file exists and `force` is off, `unavailable` when it cannot be written. */
export function writePrivateFile(io: CliIo, content: Uint8Array | string, { file, force }: WriteOptions): void {
  if (file === "-") {
    io.stdout(typeof content === "string" ? content : new TextDecoder().decode(content));
    return;
  }
  const path = resolve(io.cwd, file);
  if (existsSync(path) && !force) {
    throw new AegisError("conflict", `\`${file}\` exists; choose another name, or write over it with --force`);
  }
  try {
    if (force) replaceFile(path, content);
    else writeFileSync(path, content, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new AegisError("unavailable", `\`${file}\` cannot be written: ${errorText(cause)}`, { cause });
  }
}

/** A new file takes the old one's place in one step, so that neither is ever seen in half, and the mode is ours. */
function replaceFile(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

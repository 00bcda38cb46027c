/**
 * The log's name in its records and checkpoints. A log that was restarted after a loss gets a new one, which names
 * what the old one had signed last: two histories never share an origin.
 */
import { AegisError } from "@aegisflow/core";
import { canonicalJson, parseStrictJson, utf8Decode, utf8Encode } from "@aegisflow/evidence";
import { type FileSystem, readWhole, replaceFile } from "./file-system.ts";

export const ORIGIN_PATH = "origin.json";

/** What the log before this one had signed last. */
export interface PreviousLog {
  readonly origin: string;
  readonly size: string;
  /** 64 hex. */
  readonly root: string;
}

export interface LogOrigin {
  readonly logName: string;
  /** 1, and one more after every accepted loss. */
  readonly generation: number;
  readonly previous: PreviousLog | undefined;
}

/** `<log name>`, then `<log name>/2` … */
export function originText({ logName, generation }: LogOrigin): string {
  return generation === 1 ? logName : `${logName}/${generation}`;
}

/** @throws AegisError `config-invalid` when the folder belongs to a log of another name. */
export function loadOrCreateOrigin(files: FileSystem, logName: string): LogOrigin {
  const stored = readOrigin(files);
  if (stored === undefined) {
    const origin: LogOrigin = { logName, generation: 1, previous: undefined };
    writeOrigin(files, origin);
    return origin;
  }
  if (stored.logName !== logName) {
    const known = `\`${stored.logName}\``;
    throw new AegisError("config-invalid", `this evidence log is named ${known}; keep that name or use another folder`);
  }
  return stored;
}

export function readOrigin(files: FileSystem): LogOrigin | undefined {
  const bytes = readWhole(files, ORIGIN_PATH);
  if (bytes === undefined) return undefined;
  const value: unknown = parseStrictJson(utf8Decode(bytes));
  if (typeof value !== "object" || value === null) throw damaged();
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { generation, log_name, previous } = fields;
  if (typeof generation !== "number" || typeof log_name !== "string") throw damaged();
  return { generation, logName: log_name, previous: previous === undefined ? undefined : toPrevious(previous) };
}

function toPrevious(value: unknown): PreviousLog {
  const { origin, size, root } = { origin: "", size: "", root: "", ...(typeof value === "object" ? value : {}) };
  return { origin, size, root };
}

function damaged(): AegisError {
  return new AegisError("corrupt", `\`${ORIGIN_PATH}\` of the evidence log is damaged, restore it from a backup`);
}

/** Durable when it returns. */
export function writeOrigin(files: FileSystem, { generation, logName, previous }: LogOrigin): void {
  const value = { generation, log_name: logName, ...(previous === undefined ? {} : { previous: { ...previous } }) };
  replaceFile(files, ORIGIN_PATH, utf8Encode(canonicalJson(value)), "durable");
}

/**
 * Unix sockets to listen on: a leftover file of a dead process is removed, a living one is refused, and the
 * file is never open to other users, not even for a moment.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { AegisError } from "@aegisflow/core/errors";

const UNIX_PREFIX = "unix:";

export function unixPathOf(host: string): string | undefined {
  return host.startsWith(UNIX_PREFIX) ? host.slice(UNIX_PREFIX.length) : undefined;
}

/** @throws AegisError `conflict` when something listens there, or the path is not a socket. */
export async function clearUnixPath(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new AegisError("conflict", `\`${path}\` exists and is not a socket; choose another path`);
  if (await isAnswering(path)) throw new AegisError("conflict", `\`${path}\` is in use by a running process`);
  unlinkSync(path);
}

/** Runs the bind with a umask that keeps others out. */
export function withPrivateUmask<T>(bind: () => T): T {
  const before = process.umask(0o177);
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

export function closeToOthers(path: string): void {
  chmodSync(path, 0o600);
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

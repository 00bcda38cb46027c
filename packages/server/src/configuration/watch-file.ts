/**
 * Notices that a file changed: by the folder's change events where the file system has them, and by looking every
 * few seconds where it does not (network folders, mounted Kubernetes volumes). A change is reported once the file
 * has stopped changing, so that a half-written file is not read.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../governance/ports.ts";

/** Time between two looks at the file when no event comes. */
export const POLL_MS = 2_000;
/** How long a file must stay as it is before it is read. */
export const SETTLE_MS = 100;
/** Looks until a file that never stops changing is read anyway. */
const SETTLE_LOOKS_MAX = 50;

export interface FileWatch {
  readonly clock: Pick<Clock, "sleep">;
  readonly signal: AbortSignal;
  /** False: try again at the next look although the file did not change. Never throws. */
  readonly onChange: () => Promise<boolean>;
  readonly pollMs?: number;
}

/** Runs until the signal aborts; resolves then. */
export async function watchFile(path: string, { clock, signal, onChange, pollMs = POLL_MS }: FileWatch): Promise<void> {
  const bell = new Bell();
  const watcher = openWatcher(path, () => bell.ring());
  let seen = signatureOf(path);
  while (!signal.aborted) {
    await bell.wait((stop) => clock.sleep(pollMs, stop), signal);
    if (signal.aborted || signatureOf(path) === seen) continue;
    const settled = await settle(path, clock, signal);
    if (signal.aborted) break;
    if (await onChange()) seen = settled;
  }
  watcher?.close();
}

/** Waits until the file looks the same twice. */
async function settle(path: string, clock: Pick<Clock, "sleep">, signal: AbortSignal): Promise<string> {
  let last = signatureOf(path);
  for (let look = 0; look < SETTLE_LOOKS_MAX; look += 1) {
    await quietly(clock.sleep(SETTLE_MS, signal));
    const now = signatureOf(path);
    if (now === last || signal.aborted) return now;
    last = now;
  }
  return last;
}

function signatureOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "missing" : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}

/** The folder is watched, not the file: editors and Kubernetes replace the file instead of writing into it. */
function openWatcher(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(path), { persistent: false }, onEvent);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // No change events here (limits, file systems without them): looking every few seconds remains.
    return undefined;
  }
}

/** Lets a waiting loop be woken early. */
class Bell {
  #wake: AbortController | undefined;

  ring(): void {
    this.#wake?.abort();
  }

  async wait(sleep: (stop: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#wake = new AbortController();
    await quietly(sleep(AbortSignal.any([this.#wake.signal, signal])));
    this.#wake = undefined;
  }
}

/** A wait that was cut short has done its work. */
async function quietly(wait: Promise<void>): Promise<void> {
  await wait.catch(() => undefined);
}

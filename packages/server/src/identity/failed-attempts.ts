/**
 * Counts wrong keys per remote address in a window. It slows guessing and keeps logs readable; it never locks out
 * a right key, so nobody behind the same address can be shut out by a neighbour.
 */

/** Wrong keys of one address in a window: typing errors pass, a guesser does not. */
export const FAILED_ATTEMPTS_MAX = 20;
const WINDOW_MS = 60_000;
/** Addresses remembered; the oldest are forgotten first. */
export const ADDRESSES_MAX = 10_000;

export interface FailedAttempts {
  /** Counts one; true when the address has had too many. */
  add(address: string, nowMs: number): boolean;
}

export function createFailedAttempts(addressesMax = ADDRESSES_MAX): FailedAttempts {
  const windows = new Map<string, { readonly startedMs: number; count: number }>();
  return {
    add(address, nowMs) {
      const known = windows.get(address);
      if (known !== undefined && nowMs - known.startedMs < WINDOW_MS) {
        known.count += 1;
        return known.count > FAILED_ATTEMPTS_MAX;
      }
      windows.delete(address);
      windows.set(address, { startedMs: nowMs, count: 1 });
      const oldest = windows.size > addressesMax ? windows.keys().next() : undefined;
      if (oldest?.done === false) windows.delete(oldest.value);
      return false;
    },
  };
}

/** Calls that are held until an approval leaves `pending`. Bounded: a held call costs memory and a connection. */
import { AegisError } from "@aegisflow/core/errors";

/** Held calls of the whole process. */
export const WAITERS_MAX = 10_000;

export interface Waiters {
  /** @throws AegisError `limit-exceeded` when too many calls are held. */
  add(id: string, wake: () => void): { remove(): void };
  wake(id: string): void;
}

export function createWaiters(waitersMax = WAITERS_MAX): Waiters {
  const byId = new Map<string, Set<() => void>>();
  let total = 0;
  return {
    add(id, wake) {
      if (total >= waitersMax) {
        throw new AegisError("limit-exceeded", "too many calls are waiting for approvals; retry without waiting");
      }
      const waiting = byId.get(id) ?? new Set();
      waiting.add(wake);
      byId.set(id, waiting);
      total += 1;
      return {
        remove() {
          if (!waiting.delete(wake)) return;
          total -= 1;
          if (waiting.size === 0 && byId.get(id) === waiting) byId.delete(id);
        },
      };
    },
    wake(id) {
      for (const wake of byId.get(id) ?? []) wake();
    },
  };
}

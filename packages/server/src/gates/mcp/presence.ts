/**
 * Which keys use the gate. What an upstream says without naming a request may speak of anybody's call, so only a
 * key that has the gate to itself may hear it; clients of 2026-07-28 have no session that would show them.
 */
import type { Clock } from "../../governance/ports.ts";
import type { McpCaller } from "./exchange.ts";

/** How long after its last request an upstream may still speak of a caller's call. */
export const PRESENT_MS = 60 * 60_000;

export interface Presence {
  note(caller: McpCaller): void;
  /** Nobody else has called for a while. */
  isAlone(caller: McpCaller): boolean;
}

export function createPresence(clock: Pick<Clock, "monotonicMs">): Presence {
  const lastMs = new Map<string, number>();
  return {
    note(caller) {
      const key = keyOf(caller);
      // Deleted first, so that the order of the map is that of the last requests.
      lastMs.delete(key);
      lastMs.set(key, clock.monotonicMs());
      for (const [old, atMs] of lastMs) {
        if (clock.monotonicMs() - atMs <= PRESENT_MS) break;
        lastMs.delete(old);
      }
    },
    isAlone(caller) {
      const since = clock.monotonicMs() - PRESENT_MS;
      return [...lastMs].every(([key, atMs]) => key === keyOf(caller) || atMs < since);
    },
  };
}

function keyOf({ tenant, id }: McpCaller): string {
  return JSON.stringify([tenant, id]);
}

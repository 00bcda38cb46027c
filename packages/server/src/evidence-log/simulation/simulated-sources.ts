/** Clock, ids and randomness of a simulation: everything follows from the seed, time stands still between calls. */
import { AegisError } from "@aegisflow/core";
import type { Clock, Ids, Random } from "../../governance/ports.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface SimulatedSources {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

const START_MS = Date.UTC(2026, 10, 23, 10, 0, 0);

/** @param startedMs where the clock goes on, so that runs of one world follow each other */
export function simulatedSources(random: SeededRandom, startedMs = 0): SimulatedSources {
  let micros = startedMs * 1000;
  let ids = 0;
  const nowMs = (): number => START_MS + Math.floor(++micros / 1000);
  return {
    clock: {
      nowMs,
      nowIso: () => `${new Date(nowMs()).toISOString().slice(0, 19)}.${String(micros % 1_000_000).padStart(6, "0")}Z`,
      monotonicMs: () => ++micros / 1000,
      sleep: (_delayMs, signal) =>
        new Promise((_resolve, reject) => {
          const stop = (): void => reject(new AegisError("cancelled", "the wait was cancelled"));
          if (signal.aborted) stop();
          else signal.addEventListener("abort", stop, { once: true });
        }),
    },
    ids: { next: () => `id-${startedMs}-${++ids}` },
    random: { bytes: (count) => random.bytes(count) },
  };
}

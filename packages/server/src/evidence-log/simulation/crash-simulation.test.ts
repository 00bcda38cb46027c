/** Many lives of a log on a disk that fails; a failing seed is printed and can be replayed alone. */
import { describe, expect, test } from "bun:test";
import { simulateWorld } from "./crash-simulation.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Worlds times lives: 30,000 crash-recover cycles in CI. `AEGISFLOW_CRASH_WORLDS` makes it more or less. */
export const CRASH_WORLDS = Number(process.env["AEGISFLOW_CRASH_WORLDS"] ?? 5000);
export const LIVES_PER_WORLD = 6;
/** Seeds that once found something; they come first. */
const KNOWN_SEEDS: readonly number[] = [];
const SIMULATION_TIMEOUT_MS = 600_000;

describe("the evidence log on a disk that fails", () => {
  test(
    `keeps its promises through ${CRASH_WORLDS * LIVES_PER_WORLD} lives`,
    async () => {
      const total = { lives: 0, crashes: 0, acknowledged: 0, torn: 0 };
      for (const seed of [...KNOWN_SEEDS, ...Array.from({ length: CRASH_WORLDS }, (_, i) => i + 1)]) {
        const report = await replay(seed);
        total.lives += report.lives;
        total.crashes += report.crashes;
        total.acknowledged += report.acknowledged;
        total.torn += report.torn;
      }
      const { lives, crashes, acknowledged, torn } = total;
      console.log(
        `crash simulation: ${lives} lives, ${crashes} crashes, ${torn} torn writes, ${acknowledged} records kept`,
      );
      // A simulation in which nothing happens proves nothing.
      expect(crashes).toBeGreaterThan(lives / 4);
      expect(acknowledged).toBeGreaterThan(lives);
    },
    SIMULATION_TIMEOUT_MS,
  );
});

async function replay(seed: number): ReturnType<typeof simulateWorld> {
  try {
    return await simulateWorld(seed, LIVES_PER_WORLD);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  }
}

describe("the evidence log", () => {
  for (const { name, run } of SCENARIOS) test(name, run);
});

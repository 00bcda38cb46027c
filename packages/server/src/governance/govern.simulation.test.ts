/**
 * The governance pipeline under a seeded scheduler: faulty stores, slow and failing engines, crashes between hops,
 * concurrent approvals. Replay one seed with AEGISFLOW_SIMULATION_SEED=n; run more with AEGISFLOW_SIMULATION_SEEDS=n.
 */
import { expect, test } from "bun:test";
import { assertInvariants } from "./simulation/invariants.ts";
import { FLAWS, type Flaw, World } from "./simulation/world.ts";

const ONLY_SEED = process.env["AEGISFLOW_SIMULATION_SEED"];
const SEEDS = ONLY_SEED === undefined ? Number(process.env["AEGISFLOW_SIMULATION_SEEDS"] ?? 10_000) : 1;
const FIRST_SEED = Number(ONLY_SEED ?? 1);
const TIME_LIMIT_MS = 10 * 60_000;

async function playSeed(seed: number, flaw?: Flaw): Promise<World> {
  const world = new World(seed, flaw);
  try {
    await world.play();
    assertInvariants(world);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return world;
}

test(
  `the invariants hold in ${SEEDS} simulated worlds from seed ${FIRST_SEED}`,
  async () => {
    const seen = { executions: 0, crashes: 0, records: 0, kinds: new Map<string, number>() };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const world = await playSeed(seed);
      seen.executions += world.executions.length;
      seen.crashes += world.crashes;
      seen.records += world.evidence.records.length;
      for (const { kind } of world.answers) seen.kinds.set(kind, (seen.kinds.get(kind) ?? 0) + 1);
    }
    console.log(
      `simulation: ${SEEDS} seeds, ${seen.records} records, ${seen.executions} executions, ${seen.crashes} crashes`,
    );
    console.log(`answers: ${[...seen.kinds].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    if (SEEDS < 1_000) return;
    // A simulation in which nothing happens proves nothing.
    for (const kind of ["executed", "failed", "blocked", "needs-approval", "denied", "cancelled", "refused"]) {
      expect(seen.kinds.get(kind) ?? 0).toBeGreaterThan(0);
    }
  },
  TIME_LIMIT_MS,
);

/** Enough for the rarest flaw to show; most show within five seeds. */
const FLAWED_SEEDS = 300;

for (const flaw of FLAWS) {
  test(`a world in which ${flaw} is caught`, async () => {
    let caught: unknown;
    for (let seed = 1; seed <= FLAWED_SEEDS && caught === undefined; seed++) {
      await playSeed(seed, flaw).catch((error: unknown) => {
        caught = error;
      });
    }
    expect(caught).toBeInstanceOf(Error);
  });
}

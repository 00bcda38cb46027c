/** Each deliberately broken variant is noticed by the simulation or by the scenario that it names. */
import { afterAll, describe, expect, test } from "bun:test";
import { BROKEN_VARIANTS, type BrokenVariant, copyWithEdit, type VariantSources } from "./broken-variants.ts";
import type { Scenario } from "./scenarios.ts";

/** Worlds a broken variant may live through; the honest log lives through all of them. */
const WORLDS_MAX = 2000;
const CONTROL_WORLDS = 50;
const LIVES = 6;
const VARIANT_TIMEOUT_MS = 120_000;

let caught = 0;

describe("the crash simulation and the scenarios", () => {
  for (const variant of BROKEN_VARIANTS) {
    test(
      `notice: ${variant.name}`,
      async () => {
        expect(await noticed(variant)).toBeString();
        caught++;
      },
      VARIANT_TIMEOUT_MS,
    );
  }

  test(
    "find nothing in an unbroken copy",
    async () => {
      const untouched = { name: "unbroken", file: "refusal.ts", find: "rollback: 79", replace: "rollback: 79" };
      const sources = copyWithEdit({ ...untouched, caughtBy: "" });
      try {
        expect(await noticedByCrashes(sources, CONTROL_WORLDS, undefined)).toBeUndefined();
        const { SCENARIOS }: typeof import("./scenarios.ts") = await import(sources.path("simulation/scenarios.ts"));
        for (const { run } of SCENARIOS) await run();
      } finally {
        sources.remove();
      }
    },
    VARIANT_TIMEOUT_MS,
  );

  afterAll(() => {
    console.log(`broken variants of the evidence log: ${caught} of ${BROKEN_VARIANTS.length} noticed`);
  });
});

/** What gave the variant away; undefined when nothing did. */
async function noticed(variant: BrokenVariant): Promise<string | undefined> {
  const sources = copyWithEdit(variant);
  try {
    return variant.caughtBy === "crash simulation"
      ? await noticedByCrashes(sources, WORLDS_MAX, variant.seed)
      : await noticedByScenario(sources, variant);
  } finally {
    sources.remove();
  }
}

async function noticedByCrashes(
  sources: VariantSources,
  worlds: number,
  first: number | undefined,
): Promise<string | undefined> {
  const { simulateWorld }: typeof import("./crash-simulation.ts") = await import(
    sources.path("simulation/crash-simulation.ts")
  );
  const seeds = [...(first === undefined ? [] : [first]), ...Array.from({ length: worlds }, (_, i) => i + 1)];
  for (const seed of seeds) {
    try {
      await simulateWorld(seed, LIVES);
    } catch (error) {
      return `seed ${seed}: ${String(error)}`;
    }
  }
  return undefined;
}

async function noticedByScenario(sources: VariantSources, { caughtBy }: BrokenVariant): Promise<string | undefined> {
  const { SCENARIOS }: typeof import("./scenarios.ts") = await import(sources.path("simulation/scenarios.ts"));
  const scenario: Scenario | undefined = SCENARIOS.find(({ name }) => name === caughtBy);
  if (scenario === undefined) throw new Error(`there is no scenario \`${caughtBy}\``);
  try {
    await scenario.run();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

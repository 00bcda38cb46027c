/**
 * The tamper matrix: every mutation of an honest bundle is rejected, and no honest bundle ever is. Counts are set
 * for CI (EVIDENCE_MUTATIONS, EVIDENCE_SESSIONS override them); the seed is in every failure message.
 */
import { describe, expect, test } from "bun:test";
import { utf8Encode } from "./encoding.ts";
import { VERDICT_NAMES } from "./findings.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { simulateSession } from "./simulation/random-session.ts";
import { seededRandom } from "./simulation/seeded-random.ts";
import { simulateWorld } from "./simulation/simulated-world.ts";
import { TAMPER_NAMES, tamper } from "./simulation/tamper.ts";
import { flipByte, repairBytes, trustedBytes } from "./simulation/tamper-bytes.ts";
import type { TamperTarget } from "./simulation/tamper-lines.ts";
import { parseTrustPolicy, type TrustPolicy } from "./trust-policy.ts";
import { type BundleReport, verifyBundle } from "./verify-bundle.ts";

/** At least 10,000 each are promised. */
export const MUTATIONS = Number(process.env.EVIDENCE_MUTATIONS ?? 10_000);
export const SESSIONS = Number(process.env.EVIDENCE_SESSIONS ?? 10_000);
const MUTATIONS_PER_BUNDLE = 100;
const TIMEOUT_MS = 240_000;

interface Scene extends TamperTarget {
  readonly policy: TrustPolicy;
}

/** Two sessions of one witnessed log, both exported. */
function createScene(seed: number): Scene {
  const { log, random, session } = simulateWorld(seed, { actionsMax: 5, witnesses: 1, hidden: seed % 3 === 0 });
  const second = simulateSession(log, random, 5);
  const other = utf8Encode(log.exportBundle(second.tenant, second.sid));
  const bytes = utf8Encode(log.exportBundle(session.tenant, session.sid));
  return { bytes, other, policy: parseTrustPolicy(nodeCrypto, log.trustPolicy()) };
}

function verify(bytes: Uint8Array, policy: TrustPolicy): Promise<BundleReport> {
  return verifyBundle(bytes, { crypto: nodeCrypto, policy });
}

/** What a verifier who requires completeness accepts. */
function isAccepted({ verdicts }: BundleReport): boolean {
  return VERDICT_NAMES.every((name) => verdicts[name].verdict === "PASS");
}

describe("tamper matrix", () => {
  test(
    `rejects ${MUTATIONS} mutations of random bundles`,
    async () => {
      const applied = new Map<string, number>();
      let count = 0;
      for (let seed = 1; count < MUTATIONS; seed++) {
        const scene = createScene(seed);
        const random = seededRandom(seed * 7919);
        expect(isAccepted(await verify(scene.bytes, scene.policy))).toBe(true);
        for (let i = 0; i < MUTATIONS_PER_BUNDLE; i++) {
          const name = TAMPER_NAMES[i % TAMPER_NAMES.length] ?? "flip a byte";
          const tampered = tamper(name, scene, random);
          if (tampered === undefined) continue;
          if (isAccepted(await verify(tampered.bytes, scene.policy)))
            throw new Error(`accepted: ${name}, seed ${seed}, mutation ${i}`);
          applied.set(name, (applied.get(name) ?? 0) + 1);
          count++;
        }
      }
      expect([...applied.keys()].toSorted()).toEqual([...TAMPER_NAMES].toSorted());
    },
    TIMEOUT_MS,
  );

  test(
    "rejects every single flipped byte of a bundle, also with the end digest repaired",
    async () => {
      const { bytes, policy } = createScene(2);
      for (let at = 0; at < trustedBytes(bytes); at++) {
        const flipped = repairBytes(flipByte(bytes, at, 1 << (at % 8)));
        if (isAccepted(await verify(flipped, policy))) throw new Error(`accepted: byte ${at} flipped`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    `accepts ${SESSIONS} honest random sessions`,
    async () => {
      for (let seed = 1; seed <= SESSIONS; seed++) {
        const witnesses = seed % 4 === 0 ? 1 : 0;
        const { log, session } = simulateWorld(seed + 1_000_000, { actionsMax: 3, witnesses, hidden: seed % 5 === 0 });
        const policy = parseTrustPolicy(nodeCrypto, log.trustPolicy());
        const { verdicts, disclosure } = await verify(
          utf8Encode(log.exportBundle(session.tenant, session.sid)),
          policy,
        );
        const found = VERDICT_NAMES.map((name) => verdicts[name].verdict).join();
        const expected = `PASS,PASS,${witnesses === 0 ? "NOT CHECKED" : "PASS"},PASS`;
        if (found !== expected || disclosure.mismatched > 0)
          throw new Error(`seed ${seed}: ${JSON.stringify(verdicts)}`);
      }
    },
    TIMEOUT_MS,
  );
});

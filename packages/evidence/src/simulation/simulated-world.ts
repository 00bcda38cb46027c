/** A log with keys and witnesses from one seed, and one honest session in it: what tests and the corpus start from. */
import { createEd25519Signer, nodeCrypto } from "../node-crypto.ts";
import { MemoryLog } from "./memory-log.ts";
import { hideFields, type SimulatedSession, simulateSession } from "./random-session.ts";
import { type SeededRandom, seededRandom } from "./seeded-random.ts";

export interface SimulatedWorld {
  readonly log: MemoryLog;
  readonly random: SeededRandom;
  readonly session: SimulatedSession;
}

export interface WorldOptions {
  readonly actionsMax: number;
  readonly witnesses: number;
  /** Some fields are erased or withheld. */
  readonly hidden: boolean;
}

export function simulateWorld(seed: number, { actionsMax, witnesses, hidden }: WorldOptions): SimulatedWorld {
  const random = seededRandom(seed);
  const ports = {
    hash: nodeCrypto,
    random,
    signer: createEd25519Signer(random.bytes(32)),
    witnesses: Array.from({ length: witnesses }, (_, i) => ({
      name: `witness.example/w${i}`,
      signer: createEd25519Signer(random.bytes(32)),
    })),
  };
  const log = new MemoryLog(ports);
  const session = simulateSession(log, random, actionsMax);
  if (hidden) hideFields(log, random, session);
  return { log, random, session };
}

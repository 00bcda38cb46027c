/**
 * The simulation's scheduler. Every port call parks at `point()`; one parked continuation after another is chosen by
 * the seed and resumed, so a seed is one interleaving, replayable. A dead incarnation is never resumed.
 */

export interface SeededRandom {
  /** Integer in [0, below). */
  below(below: number): number;
  chance(percent: number): boolean;
  pick<T>(values: readonly T[]): T;
}

/** xorshift128+ seeded by splitmix32: fast, and the same everywhere. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error("pick from nothing");
      return value;
    },
  };
}

/** One process life. When it is killed, whatever it was waiting for never comes. */
export interface Incarnation {
  alive: boolean;
}

interface Parked {
  readonly owner: Incarnation | undefined;
  readonly resume: () => void;
}

export class Steps {
  readonly #random: SeededRandom;
  #parked: Parked[] = [];
  taken = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Parks the caller until the seed resumes it; never resumes a dead incarnation. */
  point(owner?: Incarnation): Promise<void> {
    return new Promise((resume) => {
      this.#parked.push({ owner, resume });
    });
  }

  /** Resumes one parked continuation; false when none is left. */
  async step(): Promise<boolean> {
    this.#parked = this.#parked.filter(({ owner }) => owner === undefined || owner.alive);
    if (this.#parked.length === 0) return false;
    const [chosen] = this.#parked.splice(this.#random.below(this.#parked.length), 1);
    chosen?.resume();
    this.taken += 1;
    await settled();
    return true;
  }
}

/** Lets every continuation that can run now run to its next park. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

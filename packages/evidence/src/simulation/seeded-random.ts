/** Reproducible randomness for simulations and the corpus: one seed, one sequence, on every runtime. Not for secrets. */
export interface SeededRandom {
  /** A whole number in [0, bound). */
  below(bound: number): number;
  bytes(count: number): Uint8Array;
  pick<T>(items: readonly [T, ...T[]]): T;
  chance(probability: number): boolean;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  // splitmix32
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (bound: number): number => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    pick: (items) => items[below(items.length)] ?? items[0],
    chance: (probability) => next() / 2 ** 32 < probability,
  };
}

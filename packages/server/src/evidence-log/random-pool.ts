/** Random bytes drawn in large portions: a call into the generator costs as much as a whole record otherwise. */
import type { Random } from "../governance/ports.ts";

const POOL_BYTES = 16 * 1024;

/** The slices are views of the pool, used once; keep a copy of what must outlive the call. */
export function createRandomPool(random: Random): (count: number) => Uint8Array {
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  return (count) => {
    if (count > POOL_BYTES) return random.bytes(count);
    if (at + count > pool.length) {
      pool = random.bytes(POOL_BYTES);
      at = 0;
    }
    const bytes = pool.subarray(at, at + count);
    at += count;
    return bytes;
  };
}

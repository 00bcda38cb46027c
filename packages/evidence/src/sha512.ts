/**
 * SHA-512 (FIPS 180-4) over BigInt words: slow and short, only for `ed25519` where the platform has neither.
 */

const MASK = (1n << 64n) - 1n;
const ROUND_CONSTANTS = firstPrimeRoots(80, 3n);
const INITIAL_STATE = firstPrimeRoots(8, 2n);
const BLOCK_BYTES = 128;

/** The first 64 bits of the fractional parts of the roots of the first primes (FIPS 180-4 §4.2.3, §5.3.5). */
function firstPrimeRoots(count: number, degree: bigint): readonly bigint[] {
  const roots: bigint[] = [];
  for (let candidate = 2n; roots.length < count; candidate++) {
    let divisor = 2n;
    while (divisor * divisor <= candidate && candidate % divisor !== 0n) divisor++;
    if (divisor * divisor > candidate) roots.push(integerRoot(candidate << (64n * degree), degree) & MASK);
  }
  return roots;
}

/** Floor of the root, by bisection. */
function integerRoot(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** SHA-512 of the bytes, 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((data.length + 17) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(data.length) * 8n);
  let state: readonly bigint[] = INITIAL_STATE;
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) state = compress(state, view, at);
  const digest = new Uint8Array(64);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => {
    out.setBigUint64(i * 8, word);
  });
  return digest;
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word >> bits) | (word << (64n - bits))) & MASK;
}

function expand(block: DataView, at: number): readonly bigint[] {
  const w: bigint[] = [];
  for (let i = 0; i < 16; i++) w.push(block.getBigUint64(at + i * 8));
  for (let i = 16; i < 80; i++) {
    const w15 = w[i - 15] ?? 0n;
    const w2 = w[i - 2] ?? 0n;
    const s0 = rotate(w15, 1n) ^ rotate(w15, 8n) ^ (w15 >> 7n);
    const s1 = rotate(w2, 19n) ^ rotate(w2, 61n) ^ (w2 >> 6n);
    w.push(((w[i - 16] ?? 0n) + s0 + (w[i - 7] ?? 0n) + s1) & MASK);
  }
  return w;
}

function compress(state: readonly bigint[], block: DataView, at: number): readonly bigint[] {
  const schedule = expand(block, at);
  let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = state;
  for (let i = 0; i < 80; i++) {
    const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n);
    const choice = (e & f) ^ (~e & MASK & g);
    const t1 = h + s1 + choice + (ROUND_CONSTANTS[i] ?? 0n) + (schedule[i] ?? 0n);
    const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) & MASK;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) & MASK;
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + (state[i] ?? 0n)) & MASK);
}

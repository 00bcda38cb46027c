/**
 * Ed25519 signature verification (RFC 8032 §5.1.7) over BigInt, for browsers whose WebCrypto lacks it. Verification
 * only: everything here is public, so timing does not matter. Strict: canonical key and S < L, R compared as bytes.
 */
import { concatBytes, equalBytes } from "./encoding.ts";
import { sha512 } from "./sha512.ts";

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n);
const BASE_Y = mod(4n * power(5n, P - 2n));

/** Extended homogeneous coordinates: x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 §5.1.4). */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}

const ZERO: Point = { x: 0n, y: 1n, z: 1n, t: 0n };
const BASE = pointFromY(BASE_Y, 0n);

/** True for a valid signature; false for anything else, never a throw. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64 || BASE === undefined) return false;
  const key = decodePoint(publicKey);
  const s = readLittleEndian(signature.subarray(32));
  if (key === undefined || s >= L) return false;
  const k = readLittleEndian(sha512(concatBytes(signature.subarray(0, 32), publicKey, message))) % L;
  const minusKey: Point = { ...key, x: mod(-key.x), t: mod(-key.t) };
  return equalBytes(encodePoint(add(multiply(BASE, s), multiply(minusKey, k))), signature.subarray(0, 32));
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function readLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

function decodePoint(bytes: Uint8Array): Point | undefined {
  const value = readLittleEndian(bytes);
  const y = value & ((1n << 255n) - 1n);
  return y >= P ? undefined : pointFromY(y, value >> 255n);
}

/** RFC 8032 §5.1.3: the point with this y and sign of x, if the curve has one. */
function pointFromY(y: bigint, sign: bigint): Point | undefined {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (mod(v * x * x) !== u) x = mod(x * SQRT_MINUS_ONE);
  if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return undefined;
  if ((x & 1n) !== sign) x = mod(-x);
  return { x, y, z: 1n, t: mod(x * y) };
}

function encodePoint(point: Point): Uint8Array {
  const inverse = power(point.z, P - 2n);
  let value = mod(point.y * inverse) | ((mod(point.x * inverse) & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) {
    bytes[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

function add(p: Point, q: Point): Point {
  const a = mod((p.y - p.x) * (q.y - q.x));
  const b = mod((p.y + p.x) * (q.y + q.x));
  const c = mod(2n * p.t * q.t * D);
  const d = mod(2n * p.z * q.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

function multiply(point: Point, scalar: bigint): Point {
  let result = ZERO;
  let double = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

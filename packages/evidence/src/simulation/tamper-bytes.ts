/** Tampering with a bundle as bytes, and the repair of its end digest that anyone can make. */
import { canonicalJson } from "../canonical-json.ts";
import { utf8Decode, utf8Encode } from "../encoding.ts";
import { nodeCrypto } from "../node-crypto.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** One flipped bit pattern at one place, for exhaustive runs. */
export function flipByte(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ mask;
  return changed;
}

export function splice(bytes: Uint8Array, at: number, remove: number, insert: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
}

/** Offsets of the bytes that a verdict depends on. */
export function trustedBytes(bytes: Uint8Array): number {
  const text = utf8Decode(bytes);
  const end = text.search(/^\{"(?:text|lines)":/m);
  return utf8Encode(text.slice(0, end)).length;
}

export function trustedOffset(bytes: Uint8Array, random: SeededRandom): number {
  return random.below(trustedBytes(bytes));
}

/** A new end line over whatever the bytes before the old one are now. */
export function repairBytes(bytes: Uint8Array): Uint8Array {
  const start = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const body = bytes.slice(0, start);
  const lines = body.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
  const end = canonicalJson({ type: "end", lines, sha256: nodeCrypto.sha256Hex(body) });
  return Uint8Array.from([...body, ...utf8Encode(`${end}\n`)]);
}

export function cutAtLine(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const lines = utf8Decode(bytes).split("\n");
  return utf8Encode(
    lines
      .slice(0, 1 + random.below(lines.length - 2))
      .map((line) => `${line}\n`)
      .join(""),
  );
}

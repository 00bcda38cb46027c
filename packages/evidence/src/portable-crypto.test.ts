import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { verifyEd25519 } from "./ed25519.ts";
import { fromHex, toHex, utf8Encode } from "./encoding.ts";
import { createEd25519Signer, generateEd25519Seed, nodeCrypto } from "./node-crypto.ts";
import { portableCrypto } from "./portable-crypto.ts";
import { sha512 } from "./sha512.ts";
import { seededRandom } from "./simulation/seeded-random.ts";

const LENGTHS = [0, 1, 3, 55, 56, 57, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 1000, 70_001];

describe("cryptography", () => {
  test("hashes alike in every adapter", () => {
    const random = seededRandom(1);
    for (const length of LENGTHS) {
      const data = random.bytes(length);
      expect(portableCrypto.sha256Hex(data)).toBe(createHash("sha256").update(data).digest("hex"));
      expect(nodeCrypto.sha256Hex(data)).toBe(toHex(nodeCrypto.sha256(data)));
      expect(toHex(sha512(data))).toBe(createHash("sha512").update(data).digest("hex"));
    }
    expect(portableCrypto.sha256Hex("é\u0000")).toBe(nodeCrypto.sha256Hex("é\u0000"));
  });

  // RFC 8032 §7.1, tests 1 to 3.
  const vectors = [
    [
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ] as const;
  test.each(vectors)("verifies the vector with key %s", async (key, message, signature) => {
    const parts = [fromHex(key), fromHex(message), fromHex(signature)] as const;
    expect([
      verifyEd25519(...parts),
      nodeCrypto.verifyEd25519(...parts),
      await portableCrypto.verifyEd25519(...parts),
    ]).toEqual([true, true, true]);
  });

  test("rejects every changed signature, key and message, and malleated ones", () => {
    const random = seededRandom(2);
    const signer = createEd25519Signer(generateEd25519Seed());
    const message = utf8Encode("the action that was approved");
    const signature = signer.sign(message);
    expect(verifyEd25519(signer.publicKey, message, signature)).toBe(true);
    for (let i = 0; i < 40; i++) {
      const parts = [signer.publicKey.slice(), message.slice(), signature.slice()] as const;
      const part = parts[i % 3] ?? signature;
      flipBit(part, random.below(part.length * 8));
      expect([verifyEd25519(...parts), nodeCrypto.verifyEd25519(...parts)]).toEqual([false, false]);
    }
    const malleated = addOrder(signature);
    expect([
      verifyEd25519(signer.publicKey, message, malleated),
      nodeCrypto.verifyEd25519(signer.publicKey, message, malleated),
    ]).toEqual([false, false]);
    expect(verifyEd25519(new Uint8Array(31), message, signature)).toBe(false);
    expect(nodeCrypto.verifyEd25519(new Uint8Array(32).fill(255), message, new Uint8Array(63))).toBe(false);
  });

  test("a seed is 32 bytes", () => {
    expect(() => createEd25519Signer(new Uint8Array(31))).toThrow("32 bytes");
  });
});

/** S + L: the same signature to a careless verifier. */
function addOrder(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = signature.subarray(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
  const changed = signature.slice();
  for (let i = 32; i < 64; i++, s >>= 8n) changed[i] = Number(s & 0xffn);
  return changed;
}

function flipBit(bytes: Uint8Array, bit: number): void {
  const at = Math.floor(bit / 8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
}

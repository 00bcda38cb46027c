/**
 * Cryptography without imports, for browsers and anything else: SHA-256 in TypeScript, Ed25519 by WebCrypto where
 * the platform has it and by our own verifier (public data only) where it has not.
 */
import type { CryptoPort } from "./crypto-port.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { toHex, utf8Encode } from "./encoding.ts";
import { sha256 } from "./sha256.ts";

export const portableCrypto: CryptoPort = {
  sha256,
  sha256Hex: (data) => toHex(sha256(typeof data === "string" ? utf8Encode(data) : data)),
  verifyEd25519: async (publicKey, message, signature) =>
    (await verifyByWebCrypto(publicKey, message, signature)) ?? verifyEd25519(publicKey, message, signature),
};

/** Undefined when the platform has no Ed25519 (or no secure context), which is not a verdict. */
async function verifyByWebCrypto(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | undefined> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey.slice(), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature.slice(), message.slice());
  } catch {
    return undefined;
  }
}

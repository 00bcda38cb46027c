/**
 * What this package needs from a cryptography library. Two adapters: `node-crypto` (Bun, Node; fast) and
 * `portable-crypto` (anywhere, no imports). Both are trusted: a port that lies makes every verdict worthless.
 */
export interface HashPort {
  /** SHA-256 of the bytes, 32 bytes, a fresh array. */
  sha256(data: Uint8Array): Uint8Array;
  /** SHA-256 as 64 lower-case hex digits; a string means its UTF-8 bytes. */
  sha256Hex(data: Uint8Array | string): string;
}

export interface CryptoPort extends HashPort {
  /**
   * Ed25519 (RFC 8032) over the message. False for anything that is not a valid signature, never a throw:
   * keys that are not 32 bytes, signatures that are not 64, S out of range.
   */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
}

/** An Ed25519 private key that signs and never leaves its adapter. */
export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

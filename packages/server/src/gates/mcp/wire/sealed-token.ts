/**
 * Opaque texts that clients carry for us: `requestState` (MCP 2026-07-28 multi round-trip) and list cursors.
 * AES-256-GCM under a key of this server: a client can neither read, change nor make one, and one made for another
 * purpose does not open. Bound to principal, method and time by their content; single use is enforced elsewhere
 * (an approval is consumed once, a suspended call resumes once).
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { parseStrictJson } from "@aegisflow/evidence/strict-json";
import type { Random } from "../../../governance/ports.ts";
import { isJsonObject } from "./json-rpc.ts";

/** Every token of ours begins so; an upstream's own state is passed on untouched. */
const PREFIX = "aegis1.";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A carried upstream state may be large; more than this is refused before it is decoded. */
export const TOKEN_CHARS_MAX = 512 * 1024;

export interface TokenSealer {
  seal(purpose: string, content: JsonObject): string;
  /** Undefined for anything that this server did not seal for this purpose. */
  open(purpose: string, token: string): JsonObject | undefined;
}

export function isOurToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** `secret`: at least 32 random bytes that stay the same across restarts if tokens are to outlive them. */
export function createTokenSealer(secret: Uint8Array, random: Random): TokenSealer {
  const key = Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), "aegisflow.dev/mcp-token/v1", 32));
  return {
    seal(purpose, content) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(canonicalJson(content), "utf8"), cipher.final()]);
      return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
    },
    open(purpose, token) {
      if (!isOurToken(token) || token.length > TOKEN_CHARS_MAX) return undefined;
      return decrypt(key, purpose, Buffer.from(token.slice(PREFIX.length), "base64url"));
    },
  };
}

function decrypt(key: Buffer, purpose: string, bytes: Buffer): JsonObject | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    const content = parseStrictJson(text.toString("utf8"));
    return isJsonObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

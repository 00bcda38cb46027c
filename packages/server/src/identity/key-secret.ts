/**
 * API key secrets: 256 random bits that name their kind, and the hash that is kept of them. With so many bits a
 * fast hash is right; the pepper makes a stolen database useless for recognising a leaked key.
 */
import { createHash } from "node:crypto";
import type { Role } from "@aegisflow/core/identity/principal";
import type { Random } from "../governance/ports.ts";

const SECRET_BYTES = 32;
export const PEPPER_BYTES = 32;
/** Longer texts are not keys of anybody; they are refused before they are hashed. */
export const KEY_CHARS_MAX = 512;

/** `aegis_admin_<43 characters>`: secret scanners find it, people see which role it has. */
export function createKeySecret(role: Role, random: Random): string {
  return `aegis_${role}_${Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url")}`;
}

/** 64 hex. Looking a hash up tells nothing about the key by its timing. */
export type HashKey = (secret: string) => string;

export function createKeyHash(pepper: Uint8Array): HashKey {
  return (secret) =>
    createHash("sha256").update("aegisflow.dev/api-key/v1\0").update(pepper).update(secret).digest("hex");
}

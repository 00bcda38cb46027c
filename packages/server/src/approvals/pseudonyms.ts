/**
 * Stand-ins for principals in hashed evidence headers: the same person reads the same within a tenant, nobody can
 * find the person without the key, and destroying the key makes every stand-in meaningless.
 */
import { createHmac } from "node:crypto";

/** 64 hex. */
export type PseudonymOf = (tenant: string, principal: string) => string;

export function createPseudonyms(key: Uint8Array): PseudonymOf {
  return (tenant, principal) =>
    createHmac("sha256", key)
      .update(JSON.stringify(["aegisflow.dev/pseudonym/v1", tenant, principal]))
      .digest("hex");
}

/**
 * Who calls: `X-API-Key`, else `Authorization: Bearer`. No key and a wrong key are both 401, apart from a missing
 * role, which is 403. The key is hashed and the hash looked up, so timing tells nothing; keys of the configuration
 * come before keys of the store.
 */
import { AegisError } from "@aegisflow/core/errors";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { Clock } from "../governance/ports.ts";
import type { ApiKeyStore } from "./api-key-store.ts";
import type { ConfiguredKeys } from "./configured-keys.ts";
import { createFailedAttempts } from "./failed-attempts.ts";
import { type HashKey, KEY_CHARS_MAX } from "./key-secret.ts";

export interface AuthenticatorPorts {
  readonly store: ApiKeyStore;
  /** Asked each time: a reload replaces them. */
  readonly configured: () => ConfiguredKeys;
  readonly hashKey: HashKey;
  readonly clock: Pick<Clock, "nowMs">;
}

export interface Authenticator {
  /** @throws AegisError `unauthenticated`, or `limit-exceeded` after too many wrong keys. */
  authenticate(headers: ReadonlyMap<string, string>, remoteAddress: string): Principal;
  /** The same for a key that did not come in a header, such as a sign-in form's. */
  authenticateKey(key: string, remoteAddress: string): Principal;
  /** A principal seen before, if its key still works: for sessions that outlive a request. */
  isStillValid(principal: Principal): boolean;
}

export function createAuthenticator(ports: AuthenticatorPorts): Authenticator {
  const failures = createFailedAttempts();
  const authenticateKey = (key: string, remoteAddress: string): Principal => {
    const principal = key.length > KEY_CHARS_MAX ? undefined : findPrincipal(ports, ports.hashKey(key));
    if (principal !== undefined) return principal;
    if (failures.add(remoteAddress, ports.clock.nowMs())) {
      throw new AegisError("limit-exceeded", "too many wrong API keys from this address; wait a minute");
    }
    throw new AegisError("unauthenticated", "unknown API key; check it, or ask for a new one");
  };
  return {
    authenticateKey,
    authenticate(headers, remoteAddress) {
      const key = keyOf(headers);
      if (key === undefined) {
        throw new AegisError("unauthenticated", "authentication required; send an API key in the X-API-Key header");
      }
      return authenticateKey(key, remoteAddress);
    },
    isStillValid: (principal) => isStillValid(ports, principal),
  };
}

function keyOf(headers: ReadonlyMap<string, string>): string | undefined {
  const key = headers.get("x-api-key")?.trim();
  if (key !== undefined && key !== "") return key;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer === "" ? undefined : bearer;
}

function findPrincipal(ports: AuthenticatorPorts, hash: string): Principal | undefined {
  const configured = ports.configured().find(hash);
  if (configured !== undefined) return configured;
  const row = ports.store.findUsable(hash, ports.clock.nowMs());
  return row === undefined ? undefined : { id: row.id, name: row.name, role: row.role, tenant: row.tenant };
}

function isStillValid(ports: AuthenticatorPorts, { id, role, tenant }: Principal): boolean {
  const isSame = (other: Pick<Principal, "id" | "role" | "tenant">): boolean =>
    other.id === id && other.role === role && other.tenant === tenant;
  const row = ports.store.get(id);
  const nowMs = ports.clock.nowMs();
  const isStored =
    row !== undefined && isSame(row) && row.revokedAtMs === undefined && (row.expiresAtMs ?? nowMs + 1) > nowMs;
  return isStored || ports.configured().list().some(isSame);
}

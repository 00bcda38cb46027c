/**
 * The keys that the configuration file lists, by hash. Rebuilt with each applied configuration, so that a removed
 * key stops working at once.
 */
import { AegisError } from "@aegisflow/core/errors";
import { DEFAULT_TENANT, isRole, type Principal } from "@aegisflow/core/identity/principal";
import type { HashKey } from "./key-secret.ts";

export interface ConfiguredTenant {
  readonly id: string;
  readonly name: string;
  readonly api_keys: readonly {
    readonly key?: string | undefined;
    readonly role: string;
    readonly actor?: string | undefined;
  }[];
}

export interface ConfiguredKeys {
  find(hash: string): Principal | undefined;
  /** In the order of the file. */
  list(): readonly Principal[];
  /** Undefined for a tenant nobody configured. */
  tenantName(id: string): string | undefined;
}

/** Characters of the hash that stand for a key without an `actor`: enough to tell all keys apart. */
const DERIVED_ID_CHARS = 12;

export function createConfiguredKeys(tenants: readonly ConfiguredTenant[], hashKey: HashKey): ConfiguredKeys {
  const byHash = new Map<string, Principal>();
  const names = new Map<string, string>([[DEFAULT_TENANT, "Default"]]);
  for (const tenant of tenants) {
    names.set(tenant.id, tenant.name === "" ? tenant.id : tenant.name);
    for (const entry of tenant.api_keys) {
      const secret = entry.key?.trim() ?? "";
      if (secret === "" || !isRole(entry.role)) {
        throw new AegisError(
          "config-invalid",
          `tenant \`${tenant.id}\` has a key without a value or with an unknown role`,
        );
      }
      const hash = hashKey(secret);
      const id = entry.actor ?? `key-${hash.slice(0, DERIVED_ID_CHARS)}`;
      byHash.set(hash, {
        id,
        name: entry.actor ?? `${tenant.id} ${entry.role} key`,
        role: entry.role,
        tenant: tenant.id,
      });
    }
  }
  return {
    find: (hash) => byHash.get(hash),
    list: () => [...byHash.values()],
    tenantName: (id) => names.get(id),
  };
}

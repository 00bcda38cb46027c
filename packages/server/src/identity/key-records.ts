/** What changes of API keys write into evidence: the tenant's `admin` chain; names and ids are disclosures. */
import type { EvidenceDraft } from "../governance/ports.ts";
import type { ApiKeyRow } from "./api-key-store.ts";

/** Chain of a tenant's administrative actions. */
export const ADMIN_CHAIN = "admin";

export type KeyOperation = "key.create" | "key.rotate" | "key.revoke" | "key.first-start";

export function keyRecord(
  operation: KeyOperation,
  key: Pick<ApiKeyRow, "id" | "name" | "role" | "tenant">,
  by: string,
  pseudonymOf: (tenant: string, principal: string) => string,
): EvidenceDraft {
  return {
    tenant: key.tenant,
    sid: ADMIN_CHAIN,
    kind: "admin.action",
    p: {
      op: operation,
      role: key.role,
      key_ref: pseudonymOf(key.tenant, key.id),
      by_ref: pseudonymOf(key.tenant, by),
    },
    disclosures: { key: key.id, name: key.name, by },
  };
}

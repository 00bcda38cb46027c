/**
 * Leases a credential for one action. No issuer is configured in this version, so the lease carries no secret:
 * upstream credentials come from the upstream's own configuration. The pipeline still takes and releases a lease for
 * every action, which is where issuers plug in.
 */
import type { CredentialsPort, Ids, Lease } from "../governance/ports.ts";

/** How long a lease without secrets is said to live. */
const EMPTY_LEASE_MS = 5 * 60_000;

export function createCredentialBroker(ids: Ids, nowMs: () => number): CredentialsPort {
  return {
    lease(): Promise<Lease> {
      return Promise.resolve({
        id: ids.next(),
        secrets: {},
        expiresAtMs: nowMs() + EMPTY_LEASE_MS,
        release: () => Promise.resolve(),
      });
    },
  };
}

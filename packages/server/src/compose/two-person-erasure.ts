/**
 * Erasing evidence takes two administrators: the first asks, a second one repeats the identical request within a day.
 * The first request is recorded; it is not kept over a restart, after which it is simply asked again.
 */
import { AegisError } from "@aegisflow/core/errors";
import type { RedactRequest } from "../admin/admin.ts";
import type { Clock, EvidencePort } from "../governance/ports.ts";

/** How long the second person has. */
const CONSENT_MS = 24 * 60 * 60_000;
/** Erasures that wait at once; they are rare. */
const WAITING_MAX = 1_000;

export interface TwoPersonErasure {
  /** The person who asked first. @throws AegisError `conflict` when this was the first request, with what to do. */
  consent(request: RedactRequest): Promise<string>;
}

export function createTwoPersonErasure(
  clock: Clock,
  evidence: EvidencePort,
  pseudonymOf: (tenant: string, principal: string) => string,
): TwoPersonErasure {
  const waiting = new Map<string, { readonly by: string; readonly atMs: number }>();
  return {
    async consent(request) {
      const key = JSON.stringify([request.tenant, request.sid, request.leaf, request.fields.toSorted(), request.basis]);
      const first = waiting.get(key);
      if (first !== undefined && first.by !== request.by && clock.nowMs() - first.atMs <= CONSENT_MS) {
        waiting.delete(key);
        return first.by;
      }
      if (first === undefined && waiting.size >= WAITING_MAX) waiting.clear();
      await evidence.append({
        tenant: request.tenant,
        sid: request.sid,
        kind: "admin.action",
        p: { action: "erasure.request", target: request.leaf, by_ref: pseudonymOf(request.tenant, request.by) },
        disclosures: { by: request.by, fields: request.fields },
      });
      waiting.set(key, { by: request.by, atMs: clock.nowMs() });
      throw new AegisError(
        "conflict",
        "erasing evidence takes two people; another administrator must now repeat this request",
      );
    },
  };
}

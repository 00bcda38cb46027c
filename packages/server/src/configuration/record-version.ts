/** One change of the configuration as evidence and as a stored row. */
import { policyContent } from "@aegisflow/core/config/effective-policy";
import type { EvidencePort } from "../governance/ports.ts";
import type { Candidate } from "./candidate.ts";
import type { ConfigVersionRow, ConfigVersionSource } from "./config-version-store.ts";
import type { AppliedConfiguration } from "./configuration-ports.ts";

/** Session and tenant of records that belong to no agent. */
export const SYSTEM_SESSION = { tenant: "system", sid: "system" } as const;

export interface Change {
  readonly candidate: Candidate;
  readonly source: ConfigVersionSource;
  /** What the file holds meanwhile. */
  readonly fileDigest: string;
  /** Of a rollback: who asked, why, and what is applied again. */
  readonly by?: string;
  readonly reason?: string;
  readonly rolledBackTo?: number;
  /** The leaf of the version that is applied again; absent when an earlier rollback is only loaded at a start. */
  readonly targetLeaf?: string;
}

/** Durable when it resolves to the leaf of the `policy.load` record. @throws AegisError `unavailable`. */
export async function recordVersion(
  evidence: EvidencePort,
  applied: AppliedConfiguration,
  change: Change,
): Promise<string> {
  const version = String(applied.version);
  const { by = "", reason = "", rolledBackTo, targetLeaf } = change;
  if (targetLeaf !== undefined) {
    await evidence.append({
      ...SYSTEM_SESSION,
      kind: "config.change",
      p: { action: "rollback", version, to: String(rolledBackTo), policy: applied.policyHash },
      disclosures: { by, reason },
      ref: { target: targetLeaf },
    });
  }
  const { policy, policyHash, configHash, source, file = "" } = applied;
  const receipt = await evidence.append({
    ...SYSTEM_SESSION,
    kind: "policy.load",
    p: { policy: policyHash, version, source, rules: String(policy.rules.length), default: policy.defaultDecision },
    disclosures: { config: configHash, file, packs: [...policy.packs] },
  });
  return receipt.leaf;
}

export function toVersionRow(applied: AppliedConfiguration, change: Change, leaf: string): ConfigVersionRow {
  const { config: _config, policy, ...facts } = applied;
  const { candidate, fileDigest, by, reason, rolledBackTo } = change;
  return {
    ...facts,
    fileDigest,
    text: candidate.text,
    packsJson: JSON.stringify(candidate.packs),
    policyJson: JSON.stringify(policyContent(policy)),
    leaf,
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
    ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
  };
}

/**
 * The offline verifier: bundle bytes and the verifier's own trust policy in, four verdicts out. Pure: no network, no
 * clock, no files. It never throws for what a bundle holds; a bundle that cannot be read is not consistent.
 */
import type { BundleLimits, ParsedBundle } from "./bundle-parse.ts";
import { BUNDLE_LIMITS, parseBundle } from "./bundle-parse.ts";
import type { CryptoPort } from "./crypto-port.ts";
import { errorMessage } from "./evidence-error.ts";
import { Findings, type VerdictName, type VerdictReport } from "./findings.ts";
import type { TrustFinding, TrustPolicy } from "./trust-policy.ts";
import { type ProvenIndices, verifyHeads, verifyPolicies, verifyProofs, verifyTrust } from "./verify-anchor.ts";
import { verifyChain } from "./verify-chain.ts";
import { type DisclosureCounts, type FieldStates, NOTHING_DISCLOSED, verifyDisclosures } from "./verify-disclosures.ts";
import { type PairingCounts, verifyPairing } from "./verify-pairing.ts";

export interface VerifyOptions {
  readonly crypto: CryptoPort;
  /** Whom the verifier trusts; without it `complete` and `existed_at` cannot be checked. */
  readonly policy?: TrustPolicy | undefined;
  readonly limits?: BundleLimits;
}

export interface BundleReport {
  readonly format: "AEL/1" | "unreadable";
  readonly verdicts: Readonly<Record<VerdictName, VerdictReport>>;
  readonly disclosure: DisclosureCounts;
  /** State of every committed field, by `fieldKey(leaf, field)`: what a report may show. */
  readonly fields: FieldStates;
  readonly pairing: PairingCounts;
  /** What is odd without being wrong. */
  readonly notes: readonly string[];
  readonly trust: TrustFinding | undefined;
  /** Undefined when the bundle could not be read. */
  readonly bundle: ParsedBundle | undefined;
}

/** Verifies a bundle completely. */
export async function verifyBundle(bytes: Uint8Array, options: VerifyOptions): Promise<BundleReport> {
  const findings = new Findings();
  let bundle: ParsedBundle;
  try {
    bundle = parseBundle(options.crypto, bytes, options.limits ?? BUNDLE_LIMITS);
  } catch (error) {
    return unreadable(findings, errorMessage(error));
  }
  verifyChain(findings, bundle);
  const { fields, counts } = verifyDisclosures(options.crypto, findings, bundle);
  const proven: ProvenIndices = verifyProofs(options.crypto, findings, bundle);
  verifyPolicies(findings, bundle, proven);
  verifyHeads(options.crypto, findings, bundle, proven);
  const pairing = verifyPairing(findings, bundle);
  const trust = await verifyTrust(options.crypto, findings, bundle, options.policy);
  if (findings.hasFailed("consistent")) {
    for (const name of ["complete", "existed_at"] as const) findings.fail(name, "the bundle is not consistent");
  }
  findings.summarize(
    "consistent",
    `${bundle.records.length} records, head ${bundle.records.at(-1)?.leaf.slice(0, 16) ?? ""}…`,
  );
  return {
    format: "AEL/1",
    verdicts: findings.verdicts(),
    disclosure: counts,
    fields,
    pairing,
    notes: findings.notes,
    trust,
    bundle,
  };
}

function unreadable(findings: Findings, reason: string): BundleReport {
  findings.fail("consistent", reason);
  for (const name of ["complete", "existed_at", "paired"] as const)
    findings.leaveUnchecked(name, "the bundle could not be read");
  return {
    format: "unreadable",
    verdicts: findings.verdicts(),
    disclosure: NOTHING_DISCLOSED,
    fields: new Map(),
    pairing: { decisions: 0, outcomes: 0, open: 0 },
    notes: [],
    trust: undefined,
    bundle: undefined,
  };
}

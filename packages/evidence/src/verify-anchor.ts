/**
 * What ties the session to the log: inclusion proofs under the checkpoint, the `heads` record that says where the
 * session ended, the policies that had been loaded when they were used, and the trust policy that says whose
 * checkpoint counts.
 */

import type { BundleHeads } from "./bundle.ts";
import type { ParsedRecord } from "./bundle-lines.ts";
import { firstPolicyUses } from "./bundle-needs.ts";
import type { ParsedBundle } from "./bundle-parse.ts";
import type { CryptoPort, HashPort } from "./crypto-port.ts";
import { fromHex } from "./encoding.ts";
import type { Findings } from "./findings.ts";
import { verifyHeadPath } from "./heads.ts";
import { verifyInclusion } from "./merkle-proof.ts";
import { checkTrust, type TrustFinding, type TrustPolicy } from "./trust-policy.ts";

/** Where records are proven to stand in the log, by leaf hash. */
export type ProvenIndices = ReadonlyMap<string, number>;

/** Clocks of a log and of its witnesses may differ by this much. */
export const CLOCK_SKEW_SECONDS_MAX = 300;

/** Checks every inclusion proof, and that the records that need one have one. */
export function verifyProofs(hash: HashPort, findings: Findings, bundle: ParsedBundle): ProvenIndices {
  const { size, root } = bundle.checkpoint;
  const present = new Set([...bundle.records, ...bundle.context].map(({ leaf }) => leaf));
  const proven = new Map<string, number>();
  for (const { leaf, index, path } of bundle.proofs) {
    const claim = { leaf: fromHex(leaf), index, size, root, proof: path.map(fromHex) };
    if (!present.has(leaf) || proven.has(leaf))
      findings.fail("consistent", `proof of log entry ${index} belongs to no record here`);
    else if (!verifyInclusion(hash, claim))
      findings.fail("consistent", `proof of log entry ${index} does not lead to the checkpoint`);
    else proven.set(leaf, index);
  }
  const last = bundle.records.at(-1);
  if (last !== undefined && !proven.has(last.leaf))
    findings.fail("consistent", "the last record has no proof of inclusion");
  const unproven = bundle.context.filter(({ leaf }) => !proven.has(leaf)).length;
  if (unproven > 0) findings.fail("consistent", `${unproven} context records have no proof of inclusion`);
  verifyOrder(findings, bundle.records, proven);
  return proven;
}

function verifyOrder(findings: Findings, records: readonly ParsedRecord[], proven: ProvenIndices): void {
  let highest = -1;
  for (const { leaf, header } of records) {
    const index = proven.get(leaf);
    if (index === undefined) continue;
    if (index <= highest) findings.fail("consistent", `#${header.seq} stands in the log before a record it follows`);
    highest = index;
  }
}

/** Every policy a decision names was loaded, by a record that stands in the log before the first such decision. */
export function verifyPolicies(findings: Findings, bundle: ParsedBundle, proven: ProvenIndices): void {
  const loads = [...bundle.records, ...bundle.context].filter(({ header }) => header.kind === "policy.load");
  for (const { header } of bundle.records) {
    if (header.kind === "decision" && header.p.policy === undefined)
      findings.fail("consistent", `decision #${header.seq} names no policy`);
  }
  for (const [policy, use] of firstPolicyUses(bundle.records)) {
    const usedAt = proven.get(use.leaf) ?? -1;
    const loaded = loads.some(
      ({ leaf, header }) => header.p.policy === policy && (proven.get(leaf) ?? Number.POSITIVE_INFINITY) < usedAt,
    );
    if (!loaded)
      findings.fail(
        "consistent",
        `decision #${use.header.seq} names a policy that is not shown to have been loaded before`,
      );
  }
}

/** Checks that the session ends where the log says it ends. */
export function verifyHeads(hash: HashPort, findings: Findings, bundle: ParsedBundle, proven: ProvenIndices): void {
  if (bundle.heads === undefined) {
    findings.leaveUnchecked("complete", "the bundle has no heads record: more records may follow the last one");
    return;
  }
  const fault = headsFault(hash, bundle, bundle.heads, proven);
  if (fault !== undefined) {
    findings.fail("complete", fault);
    return;
  }
  const { entry, record } = bundle.heads;
  if (entry.seq !== bundle.records.length - 1) {
    findings.leaveUnchecked("complete", `the heads record covers the session up to #${entry.seq} only`);
  }
  const ts = bundle.context.find(({ leaf }) => leaf === record)?.header.ts ?? "in this session";
  const when = `heads record at log entry ${proven.get(record) ?? "?"}, ${ts}`;
  findings.summarize("complete", `as of log size ${bundle.checkpoint.size} (${when}), session ${entry.state}`);
}

/** Why the heads record does not say that the session ends here; undefined when it does. */
function headsFault(
  hash: HashPort,
  bundle: ParsedBundle,
  heads: BundleHeads,
  proven: ProvenIndices,
): string | undefined {
  const { manifest, records, context } = bundle;
  const { entry } = heads;
  const record = [...context, ...records].find(({ leaf }) => leaf === heads.record);
  if (record?.header.kind !== "heads" || !proven.has(heads.record) || !verifyHeadPath(hash, heads, record.header.p)) {
    return "the heads record is missing or does not hold this session's head";
  }
  if (entry.tenant !== manifest.tenant || entry.sid !== manifest.sid) return "the head is of another session";
  const at = records[entry.seq];
  if (at?.leaf !== entry.leaf) return `the log holds the session up to #${entry.seq}, the bundle does not`;
  if ((entry.state === "closed") !== (at.header.kind === "session.close"))
    return "the head says otherwise whether the session is closed";
  return undefined;
}

/** Checks the checkpoint against the verifier's own policy. */
export async function verifyTrust(
  crypto: CryptoPort,
  findings: Findings,
  bundle: ParsedBundle,
  policy: TrustPolicy | undefined,
): Promise<TrustFinding | undefined> {
  if (policy === undefined) {
    for (const name of ["complete", "existed_at"] as const)
      findings.leaveUnchecked(name, "no trust policy was given: nobody vouches for the checkpoint");
    return undefined;
  }
  const trust = await checkTrust(crypto, policy, bundle.note, bundle.checkpoint.origin);
  if (trust.kind === "untrusted") {
    findings.fail("complete", trust.reason);
    findings.fail("existed_at", trust.reason);
    return trust;
  }
  if (trust.seenBySeconds === undefined) {
    findings.leaveUnchecked("existed_at", "the trust policy asks for no witness, so no one else vouches for the time");
    return trust;
  }
  verifyTimes(findings, bundle, trust.seenBySeconds);
  const time = new Date(trust.seenBySeconds * 1000).toISOString();
  findings.summarize("existed_at", `before ${time}, ${trust.witnesses.length} of ${policy.witnesses.length} witnesses`);
  return trust;
}

function verifyTimes(findings: Findings, { records, context }: ParsedBundle, seenBySeconds: number): void {
  const latestMs = (seenBySeconds + CLOCK_SKEW_SECONDS_MAX) * 1000;
  for (const { header } of [...records, ...context]) {
    if (Date.parse(header.ts) > latestMs)
      findings.fail("existed_at", `#${header.seq} claims a time after its witnesses saw it`);
  }
}

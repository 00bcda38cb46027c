/**
 * What a bundle must hold beside the session's own records so that its verifier finds everything these lean on.
 * Pure; the exporter fetches what is named and asks again until `leaves` and `policies` are empty.
 */
import type { LinkedRecord } from "./pairing.ts";

export interface ContextNeeds {
  /** Records (by leaf hash) that are referred to and not among the given ones: votes, requests, their decisions. */
  readonly leaves: readonly string[];
  /** Policy hashes that decisions name and no given `policy.load` record loads. */
  readonly policies: readonly string[];
  /** Records (by leaf hash) that need an inclusion proof; the `heads` record, once chosen, is context like others. */
  readonly proofs: readonly string[];
}

/** Which reference of which kind must lead to a record in the bundle. */
const FOLLOWED: ReadonlyMap<string, string> = new Map([
  ["approval.consume", "vote"],
  ["approval.vote", "request"],
  ["approval.request", "decision"],
]);

/** Redaction records of other sessions are not found here: the exporter knows which fields it has erased. */
export function contextNeeds(records: readonly LinkedRecord[], context: readonly LinkedRecord[]): ContextNeeds {
  const all = [...records, ...context];
  const known = new Set(all.map((record) => record.leaf));
  const leaves = new Set<string>();
  for (const { header } of all) {
    const target = header.ref[FOLLOWED.get(header.kind) ?? ""];
    if (target !== undefined && !known.has(target)) leaves.add(target);
  }
  const loaded = new Set(
    all.filter(({ header }) => header.kind === "policy.load").map(({ header }) => header.p.policy),
  );
  const firstUses = firstPolicyUses(records);
  const last = records.at(-1);
  const proofs = new Set([...firstUses.values(), ...context].map((record) => record.leaf));
  if (last !== undefined) proofs.add(last.leaf);
  for (const { leaf, header } of records) if (header.kind === "policy.load") proofs.add(leaf);
  return {
    leaves: [...leaves],
    policies: [...firstUses.keys()].filter((policy) => !loaded.has(policy)),
    proofs: [...proofs],
  };
}

/** The first decision of the session under each policy. */
export function firstPolicyUses<R extends LinkedRecord>(records: readonly R[]): ReadonlyMap<string, R> {
  const uses = new Map<string, R>();
  for (const record of records) {
    const { policy } = record.header.p;
    if (record.header.kind === "decision" && policy !== undefined && !uses.has(policy)) uses.set(policy, record);
  }
  return uses;
}

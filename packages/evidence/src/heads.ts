/**
 * Heads: one Merkle root over where every session stands, so that a bundle can prove its session's last record with
 * a short path. A `heads` record carries `p.root` (64 hex) and `p.size` (decimal). Entries are sorted by tenant and
 * sid; each is the leaf `"aegisflow.dev/heads/v1\0" ‖ JCS([tenant, sid, seq, leaf, state])`.
 */
import { canonicalJson } from "./canonical-json.ts";
import type { HashPort } from "./crypto-port.ts";
import { fromHex, toHex } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { leafHash, treeRoot } from "./merkle.ts";
import { inclusionProof, readerOfLeaves, verifyInclusion } from "./merkle-proof.ts";

export interface HeadEntry {
  readonly tenant: string;
  readonly sid: string;
  /** Of the session's last record. */
  readonly seq: number;
  /** Of the session's last record, 64 hex. */
  readonly leaf: string;
  readonly state: "open" | "closed";
}

/** An entry with its way to the root of a `heads` record. */
export interface HeadPath {
  readonly entry: HeadEntry;
  readonly index: number;
  readonly size: number;
  /** 64 hex each, lowest sibling first. */
  readonly path: readonly string[];
}

const DOMAIN = "aegisflow.dev/heads/v1\u0000";

function headLeaf(hash: HashPort, { tenant, sid, seq, leaf, state }: HeadEntry): Uint8Array {
  return leafHash(hash, DOMAIN + canonicalJson([tenant, sid, seq, leaf, state], { numbers: "safe-integers" }));
}

/**
 * `p` of a `heads` record over these sessions, in any order.
 * @throws EvidenceError `malformed` when one session has two heads.
 */
export function headsPayload(
  hash: HashPort,
  entries: readonly HeadEntry[],
): { readonly root: string; readonly size: string } {
  const leaves = sortHeads(entries).map((entry) => headLeaf(hash, entry));
  return { root: toHex(treeRoot(hash, leaves)), size: String(leaves.length) };
}

/**
 * The path of one session to the root over the same sessions.
 * @throws EvidenceError `out-of-range` when the session is not among them.
 */
export function headPath(hash: HashPort, entries: readonly HeadEntry[], tenant: string, sid: string): HeadPath {
  const sorted = sortHeads(entries);
  const index = sorted.findIndex((entry) => entry.tenant === tenant && entry.sid === sid);
  const entry = sorted[index];
  if (entry === undefined) throw new EvidenceError("out-of-range", "the session has no head in this heads record");
  const leaves = sorted.map((other) => headLeaf(hash, other));
  const path = inclusionProof(hash, index, leaves.length, readerOfLeaves(hash, leaves));
  return { entry, index, size: leaves.length, path: path.map(toHex) };
}

/** True when the path leads to the payload of a `heads` record. */
export function verifyHeadPath(hash: HashPort, head: HeadPath, p: Readonly<Record<string, string>>): boolean {
  if (p.size !== String(head.size) || p.root === undefined) return false;
  try {
    const [root, proof] = [fromHex(p.root), head.path.map(fromHex)];
    return verifyInclusion(hash, { leaf: headLeaf(hash, head.entry), index: head.index, size: head.size, root, proof });
  } catch {
    return false;
  }
}

function sortHeads(entries: readonly HeadEntry[]): readonly HeadEntry[] {
  const sorted = [...entries].sort((a, b) => compareText(a.tenant, b.tenant) || compareText(a.sid, b.sid));
  const doubled = sorted.some((entry, i) => {
    const previous = sorted[i - 1];
    return previous !== undefined && previous.tenant === entry.tenant && previous.sid === entry.sid;
  });
  if (doubled) throw new EvidenceError("malformed", "a session has two heads");
  return sorted;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

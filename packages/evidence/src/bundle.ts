/**
 * The bundle, AEL/1: one session's evidence in one file (`.aegis`) that verifies offline. UTF-8 text, one canonical
 * JSON object per line, in this order: manifest, records, context records, proofs, heads, checkpoint, suggested
 * policy, end. Deterministic: equal inputs give equal bytes. Format: docs/design/evidence.md, "Bundle format AEL/1".
 */
import { canonicalJson } from "./canonical-json.ts";
import type { Disclosures } from "./commitment.ts";
import type { HashPort } from "./crypto-port.ts";
import { EvidenceError } from "./evidence-error.ts";
import type { HeadPath } from "./heads.ts";
import { openDecisions } from "./pairing.ts";
import { parseRecordHeader, recordLeaf } from "./record.ts";
import type { CanonicalInput } from "./strict-json.ts";

export const BUNDLE_FORMAT = "aegisflow.dev/bundle/v1";

/** A stored record: the header's exact text, and what may be shown of its body. */
export interface BundleRecord {
  readonly header: string;
  readonly disclosures: Disclosures;
}

/** Inclusion of one record in the tree of the bundle's checkpoint. */
export interface BundleProof {
  /** Leaf hash of the record, 64 hex. */
  readonly leaf: string;
  readonly index: number;
  /** 64 hex each, lowest sibling first. */
  readonly path: readonly string[];
}

/** The session's entry in a `heads` record that stands among the bundle's context. */
export interface BundleHeads extends HeadPath {
  /** Leaf hash of the `heads` record. */
  readonly record: string;
}

export interface BundleInput {
  /** The whole session from `session.open` on, in order. */
  readonly records: readonly BundleRecord[];
  /** Records of other sessions that these lean on, each with a proof; see `contextNeeds`. */
  readonly context: readonly BundleRecord[];
  readonly proofs: readonly BundleProof[];
  readonly heads: BundleHeads | undefined;
  /** The signed note, with whatever cosignatures there are. */
  readonly checkpoint: string;
  /** A trust policy for convenience; verifiers never trust it by itself. */
  readonly suggestedPolicy: string | undefined;
}

/**
 * The text of a bundle.
 * @throws EvidenceError when a record is none or there is no record at all.
 */
export function buildBundle(hash: HashPort, input: BundleInput): string {
  const records = input.records.map(({ header }) => ({
    header: parseRecordHeader(header),
    leaf: recordLeaf(hash, header),
  }));
  const first = records[0]?.header;
  if (first === undefined) throw new EvidenceError("malformed", "a bundle needs the session's records");
  const { heads, suggestedPolicy } = input;
  const manifest: CanonicalInput = {
    context: input.context.length,
    format: BUNDLE_FORMAT,
    log: first.log,
    open: openDecisions(records),
    proofs: input.proofs.length,
    records: records.length,
    sid: first.sid,
    tenant: first.tenant,
    type: "manifest",
  };
  const lines = [
    print(manifest),
    ...input.records.map((record) => recordLine("record", record)),
    ...input.context.map((record) => recordLine("context", record)),
    ...input.proofs.map(({ leaf, index, path }) => print({ type: "proof", leaf, index, path })),
    ...(heads === undefined ? [] : [headsLine(heads)]),
    print({ type: "checkpoint", note: input.checkpoint }),
    ...(suggestedPolicy === undefined ? [] : [print({ type: "policy", text: suggestedPolicy })]),
  ];
  return sealBundle(hash, lines);
}

/** Lines with the end line that makes accidental damage visible; anyone can recompute it, so it proves nothing else. */
export function sealBundle(hash: HashPort, lines: readonly string[]): string {
  const text = lines.map((line) => `${line}\n`).join("");
  return `${text}${print({ type: "end", lines: lines.length, sha256: hash.sha256Hex(text) })}\n`;
}

function print(value: CanonicalInput): string {
  return canonicalJson(value, { numbers: "safe-integers" });
}

/** The header goes in as its stored text: nothing is printed anew that was hashed. */
export function recordLine(type: "record" | "context", { header, disclosures }: BundleRecord): string {
  return `{"disclosures":${canonicalJson({ ...disclosures }, { numbers: "strict-json", depthMax: BODY_DEPTH_MAX })},"header":${header},"type":"${type}"}`;
}

/** `{field: [salt, value]}` around a value as deep as the strict parser reads. */
export const BODY_DEPTH_MAX = 66;

function headsLine({ record, entry, index, size, path }: BundleHeads): string {
  const { tenant, sid, seq, leaf, state } = entry;
  return print({ type: "heads", record, entry: { tenant, sid, seq, leaf, state }, index, size, path });
}

/**
 * Makes the bundle of one session: notes the export, says where every session stands (`heads`), has that signed, and
 * only then reads the session back from disk, with everything its verifier will ask for.
 */
import { AegisError } from "@aegisflow/core";
import {
  type BundleProof,
  type BundleRecord,
  buildBundle,
  contextNeeds,
  type HeadPath,
  toHex,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { FileSystem } from "./file-system.ts";
import type { KeySet } from "./key-tree.ts";
import { proveInclusions } from "./log-proofs.ts";
import type { FramePosition } from "./record-payload.ts";
import type { SignedCheckpoint } from "./segment-writer.ts";
import { createRecordReader, type RecordReader, readBackwards, type StoredRecord } from "./session-reader.ts";
import type { SessionRef } from "./session-state.ts";
import { openRecordBody } from "./session-verification.ts";

/** A session of more records is exported by nothing that fits a verifier's memory. */
export const EXPORT_RECORDS_MAX = 1_000_000;
const CONTEXT_ROUNDS_MAX = 16;
/** Records read in one go: a few milliseconds. */
const SLICE_RECORDS = 128;

export interface ExportSources {
  readonly files: FileSystem;
  readonly keysOf: (ref: SessionRef, keyId: number) => KeySet | undefined;
  readonly landmarks: (name: string) => readonly FramePosition[];
  readonly pause: () => Promise<void>;
}

export interface ExportPlan {
  readonly checkpoint: SignedCheckpoint;
  /** The session's head in the `heads` record, and its way there. */
  readonly path: HeadPath;
  readonly headsAt: FramePosition;
  /** Last frame of the session; it may have grown since the heads were taken. */
  readonly last: FramePosition;
  readonly suggestedPolicy: string;
}

/** The `.aegis` text. @throws AegisError `corrupt` when the session cannot be read back. */
export async function buildSessionBundle(sources: ExportSources, plan: ExportPlan): Promise<string> {
  const reader = createRecordReader(sources.files);
  try {
    const records = await readSession(sources, reader, plan);
    const open = createBodyOpener(sources, plan.path.entry);
    const heads = readOne(reader, plan.headsAt);
    const bundled = records.map(open);
    const context = gatherContext(sources, reader, records, [
      heads,
      ...redactionsOf(sources, reader, records, bundled),
    ]);
    const { proofs } = contextNeeds(records, context);
    return buildBundle(nodeCrypto, {
      records: bundled,
      context: context.map(open),
      proofs: proofsOf(sources.files, plan.checkpoint, [...records, ...context], proofs),
      heads: { ...plan.path, record: heads.leaf },
      checkpoint: plan.checkpoint.note,
      suggestedPolicy: plan.suggestedPolicy,
    });
  } finally {
    reader.close();
  }
}

async function readSession(
  { pause }: ExportSources,
  reader: RecordReader,
  { path, last }: ExportPlan,
): Promise<readonly StoredRecord[]> {
  const { entry } = path;
  if (entry.seq >= EXPORT_RECORDS_MAX)
    throw new AegisError("too-large", `sessions of over ${EXPORT_RECORDS_MAX} records are not exported`);
  const records: StoredRecord[] = [];
  let expected: string | undefined;
  for (const record of readBackwards(reader, last)) {
    if ("fault" in record) throw unreadable(record.fault);
    if (expected !== undefined && record.leaf !== expected)
      throw unreadable("a record is not the one its successor links to");
    expected = record.header.prev;
    if (record.header.seq <= entry.seq) records.push(record);
    if (record.header.seq % SLICE_RECORDS === 0) await pause();
  }
  records.reverse();
  if (records.length !== entry.seq + 1 || records.at(-1)?.leaf !== entry.leaf) throw unreadable("records are missing");
  return records;
}

function unreadable(what: string): AegisError {
  return new AegisError("corrupt", `the session cannot be exported: ${what}; verify it`);
}

function readOne(reader: RecordReader, at: FramePosition): StoredRecord {
  const record = reader.read(at);
  if ("fault" in record) throw unreadable(record.fault);
  return record;
}

/** Values are shown for the session's tenant only; of other tenants' records just the header. */
function createBodyOpener(sources: ExportSources, session: { readonly tenant: string }) {
  const known = new Map<number, KeySet | undefined>();
  return ({ header, text, payload }: StoredRecord): BundleRecord => {
    const { keyId, body } = payload;
    if (keyId === 0 || header.tenant !== session.tenant) return { header: text, disclosures: {} };
    if (!known.has(keyId)) known.set(keyId, sources.keysOf(header, keyId));
    const disclosures = openRecordBody(header, body, known.get(keyId));
    // A damaged value cannot be shown; `verifySession` says so.
    return { header: text, disclosures: disclosures === "damaged" ? {} : disclosures };
  };
}

/** Redaction records of other chains, for the fields that are no longer there. */
function redactionsOf(
  { landmarks }: ExportSources,
  reader: RecordReader,
  records: readonly StoredRecord[],
  bundled: readonly BundleRecord[],
): readonly StoredRecord[] {
  const own = new Set(records.map(({ leaf }) => leaf));
  return records
    .filter(({ header }, i) => Object.keys(header.cm).length > Object.keys(bundled[i]?.disclosures ?? {}).length)
    .flatMap(({ leaf }) => landmarks(`redaction:${leaf}`).map((at) => readOne(reader, at)))
    .filter(({ leaf }) => !own.has(leaf));
}

function gatherContext(
  { landmarks }: ExportSources,
  reader: RecordReader,
  records: readonly StoredRecord[],
  first: readonly StoredRecord[],
): readonly StoredRecord[] {
  const context = [...first];
  const missing = new Set<string>();
  for (let round = 0; round < CONTEXT_ROUNDS_MAX; round++) {
    const needs = contextNeeds(records, context);
    const names = [...needs.leaves, ...needs.policies.map((policy) => `policy:${policy}`)].filter(
      (name) => !missing.has(name),
    );
    if (names.length === 0) break;
    for (const name of names) {
      const [at] = landmarks(name);
      // What the log does not hold cannot be bundled; the verifier says what it misses.
      if (at === undefined) missing.add(name);
      else context.push(readOne(reader, at));
    }
  }
  return context;
}

function proofsOf(
  files: FileSystem,
  checkpoint: SignedCheckpoint,
  records: readonly StoredRecord[],
  leaves: readonly string[],
): readonly BundleProof[] {
  const byLeaf = new Map(records.map((record) => [record.leaf, record]));
  const wanted = leaves.map((leaf) => byLeaf.get(leaf)).filter((record) => record !== undefined);
  return proveInclusions(files, checkpoint, wanted).map(({ index, path }, i) => ({
    leaf: wanted[i]?.leaf ?? "",
    index,
    path: path.map(toHex),
  }));
}

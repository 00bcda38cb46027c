/**
 * Checks one session against the bytes on disk: every record's hash, its place in the chain, every disclosed value
 * against its commitment, and that the last record stands in the signed tree.
 */
import { commit, type Disclosures, type RecordHeader } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { FileSystem } from "./file-system.ts";
import type { KeySet } from "./key-tree.ts";
import { proveInclusions } from "./log-proofs.ts";
import { openBody, readFields } from "./record-body.ts";
import type { SignedCheckpoint } from "./segment-writer.ts";
import { createRecordReader, readBackwards, type StoredRecord } from "./session-reader.ts";
import type { SessionState } from "./session-state.ts";

export interface SessionVerification {
  readonly valid: boolean;
  readonly total_records: number;
  /** `seq` of the record where the check failed. */
  readonly error_at_index?: number;
  readonly message: string;
}

export interface VerificationSources {
  readonly files: FileSystem;
  readonly origin: string;
  readonly checkpoint: SignedCheckpoint | undefined;
  readonly keys: KeySet | undefined;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

/** Records checked in one go: a few milliseconds. */
const SLICE_RECORDS = 128;

export async function verifyStoredSession(
  sources: VerificationSources,
  session: SessionState,
): Promise<SessionVerification> {
  const reader = createRecordReader(sources.files);
  const total = session.seq + 1;
  let expected = { seq: session.seq, leaf: session.leaf };
  try {
    for (const record of readBackwards(reader, session.last)) {
      const fault = "fault" in record ? record.fault : recordFault(sources, session, record, expected);
      if (fault !== undefined || "fault" in record) return invalid(total, expected.seq, fault ?? "");
      if (expected.seq % SLICE_RECORDS === 0) await sources.pause();
      expected = { seq: expected.seq - 1, leaf: record.header.prev };
    }
  } finally {
    reader.close();
  }
  if (expected.seq !== -1) return invalid(total, expected.seq, "the records before this one are missing");
  return { valid: true, total_records: total, message: "every stored record, link, value and proof was checked" };
}

function invalid(total: number, seq: number, fault: string): SessionVerification {
  return { valid: false, total_records: total, error_at_index: Math.max(0, seq), message: `record ${seq}: ${fault}` };
}

function recordFault(
  sources: VerificationSources,
  session: SessionState,
  record: StoredRecord,
  expected: { readonly seq: number; readonly leaf: string },
): string | undefined {
  const { header, leaf } = record;
  if (leaf !== expected.leaf) return "its bytes are not what the next record's link says";
  if (header.seq !== expected.seq) return `it says it is record ${header.seq}`;
  if (header.tenant !== session.tenant || header.sid !== session.sid) return "it belongs to another session";
  if (header.log !== sources.origin) return "it belongs to another log";
  return (
    bodyFault(record, sources.keys) ?? (expected.seq === session.seq ? inclusionFault(sources, record) : undefined)
  );
}

function bodyFault({ header, payload }: StoredRecord, keys: KeySet | undefined): string | undefined {
  const disclosures = openRecordBody(header, payload.body, keys);
  if (disclosures === "damaged") return "its stored values are damaged";
  for (const [field, [salt, value]] of Object.entries(disclosures)) {
    if (commit(nodeCrypto, salt, field, value) !== header.cm[field])
      return `the value of \`${field}\` is not what was committed to`;
  }
  return undefined;
}

/** What is left of a record's values; nothing without the session's keys. */
export function openRecordBody(
  header: Pick<RecordHeader, "cm" | "seq">,
  body: Uint8Array,
  keys: KeySet | undefined,
): Disclosures | "damaged" {
  const plain = keys === undefined || body.length === 0 ? undefined : openBody(body, keys, header.seq);
  if (plain === undefined) return {};
  if (plain === "damaged") return plain;
  try {
    return readFields(plain, Object.keys(header.cm).sort());
  } catch {
    return "damaged";
  }
}

function inclusionFault({ files, checkpoint }: VerificationSources, record: StoredRecord): string | undefined {
  if (checkpoint === undefined || record.index >= checkpoint.size) return undefined;
  try {
    proveInclusions(files, checkpoint, [record]);
    return undefined;
  } catch {
    return "it is not in the signed tree where it says it is";
  }
}

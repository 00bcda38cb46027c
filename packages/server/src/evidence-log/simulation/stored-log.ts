/**
 * A second reader of a log's files, as simple as can be and sharing nothing with recovery but the frame format: the
 * oracle that simulations compare the log with.
 */
import { fromHex, GrowingRange, recordLeaf, toHex } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { FileSystem } from "../file-system.ts";
import { readWhole } from "../file-system.ts";
import { KEK_PATH, openKeyEntry, readKeyFile, shardOf } from "../key-files.ts";
import { readPayload } from "../record-payload.ts";
import {
  asBuffer,
  decodeFrame,
  FRAME_RECORD,
  SEGMENT_HEADER_BYTES,
  segmentIdOf,
  segmentPath,
} from "../segment-format.ts";

import { openRecordBody } from "../session-verification.ts";

export interface StoredHeader {
  readonly tenant: string;
  readonly sid: string;
  readonly seq: number;
  readonly prev: string;
  readonly kind: string;
  readonly p: Readonly<Record<string, string>>;
  readonly ref: Readonly<Record<string, string>>;
  readonly cm: Readonly<Record<string, string>>;
}

export interface OracleRecord {
  readonly header: StoredHeader;
  readonly leaf: string;
  readonly keyId: number;
  /** As stored. */
  readonly body: Uint8Array;
}

/** All records of all segments, in order. @throws Error when a segment is not a row of whole frames. */
export function readStoredLog(files: FileSystem): readonly OracleRecord[] {
  const ids = files
    .list("segments")
    .map(segmentIdOf)
    .filter((id) => id !== undefined);
  return ids
    .sort((a, b) => a - b)
    .flatMap((id) => readFrames(asBuffer(readWhole(files, segmentPath(id)) ?? new Uint8Array(0)), id));
}

function readFrames(bytes: Buffer, id: number): readonly OracleRecord[] {
  const records: OracleRecord[] = [];
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; ) {
    const frame = decodeFrame(bytes, at);
    if (frame === undefined) throw new Error(`segment ${id} has no frame at ${at}`);
    at += frame.length;
    if (frame.type !== FRAME_RECORD) continue;
    const payload = readPayload(frame.payload);
    if (payload === undefined) throw new Error(`segment ${id} has no record before ${at}`);
    const { header, keyId, body } = payload;
    records.push({ header: JSON.parse(header), leaf: recordLeaf(nodeCrypto, header), keyId, body });
  }
  return records;
}

/** The values that the keys on the disk still open, by the leaf hash of their record. */
export function readStoredValues(files: FileSystem): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const kek = readWhole(files, KEK_PATH) ?? new Uint8Array(0);
  const values = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { header, leaf, keyId, body } of readStoredLog(files)) {
    if (keyId === 0) continue;
    const entry = readKeyFile(files, shardOf(keyId)).entries.get(keyId);
    if (entry === undefined) throw new Error(`key ${keyId} is missing`);
    const opened = openRecordBody(header, body, openKeyEntry(kek, entry, header));
    if (opened === "damaged") throw new Error(`the values of ${leaf} are damaged`);
    values.set(leaf, Object.fromEntries(Object.entries(opened).map(([name, [, value]]) => [name, value])));
  }
  return values;
}

/** Root over the first `size` records, 64 hex. */
export function rootOfFirst(records: readonly OracleRecord[], size: number): string {
  const range = new GrowingRange(nodeCrypto);
  for (const { leaf } of records.slice(0, size)) range.append(fromHex(leaf));
  return toHex(range.root());
}

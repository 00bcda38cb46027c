/**
 * Erases values for good: first it is on record who ordered it and why, then the record's key is destroyed. Salts and
 * values are one sealed box in an immutable segment, so every copy of the segment, backups included, goes dark at
 * once; fields that were not erased move into the key file. An intention file makes a crash in between finish the
 * work at the next start.
 */
import { AegisError } from "@aegisflow/core";
import { canonicalJson, parseStrictJson, utf8Decode, utf8Encode } from "@aegisflow/evidence";
import { type FileSystem, readWhole, replaceFile } from "./file-system.ts";
import type { RecordDraft } from "./record-builder.ts";
import type { ErasedFields } from "./session-keys.ts";
import type { StoredRecord } from "./session-reader.ts";
import type { SessionRef } from "./session-state.ts";

export const ERASING_PATH = "erasing.json";

export interface RedactRequest extends SessionRef {
  /** Leaf hash of the record, 64 hex. */
  readonly leaf: string;
  /** Names of the fields, or all of them. */
  readonly fields: readonly string[] | "all";
  /** Closed word for the reason, e.g. `gdpr-17`. */
  readonly basis: string;
  /** Pseudonymous references of two different people: who asks and who agrees. */
  readonly requesterRef: string;
  readonly authorityRef: string;
}

/** One erasure, as it is carried out and as the intention file keeps it. */
export interface Erasure {
  readonly erased: ErasedFields;
  readonly leaf: string;
  readonly record: RecordDraft;
}

/** @throws AegisError `forbidden` without a second person, `invalid-input` for unknown fields. */
export function planErasure(request: RedactRequest, target: StoredRecord, chain: SessionRef): Erasure {
  const { requesterRef, authorityRef, basis } = request;
  if (basis === "" || requesterRef === "" || authorityRef === "") {
    throw new AegisError("invalid-input", "an erasure needs a basis, a requester and an authority");
  }
  if (requesterRef === authorityRef)
    throw new AegisError("forbidden", "an erasure needs the consent of a second person");
  const names = Object.keys(target.header.cm).sort();
  const fields = request.fields === "all" ? names : request.fields;
  const unknown = fields.find((name) => !names.includes(name));
  if (unknown !== undefined || fields.length === 0) {
    throw new AegisError("invalid-input", `the record has no field \`${unknown ?? ""}\`; it has ${names.join(", ")}`);
  }
  const { tenant, sid, seq } = target.header;
  const places = new Set(fields.map((name) => names.indexOf(name)));
  const p = {
    authority_ref: authorityRef,
    basis,
    fields: fields.join(","),
    requester_ref: requesterRef,
    target: target.leaf,
  };
  return {
    leaf: target.leaf,
    erased: {
      tenant,
      sid,
      seq,
      at: target.at,
      keyId: target.payload.keyId,
      fields: places,
      fieldCount: names.length,
    },
    record: { ...chain, kind: "redaction", p, disclosures: {} },
  };
}

/** Durable when it returns. */
export function keepIntention(files: FileSystem, { erased, leaf, record }: Erasure): void {
  const { tenant, sid, kind, p } = record;
  const stored = { ...erased, at: { ...erased.at }, fields: [...erased.fields] };
  const value = { erased: stored, leaf, record: { tenant, sid, kind, p: { ...p } } };
  replaceFile(files, ERASING_PATH, utf8Encode(canonicalJson(value)), "durable");
}

export function dropIntention(files: FileSystem): void {
  files.remove(ERASING_PATH);
  files.syncFolder("");
}

/** The erasure that a crash interrupted. */
export function readIntention(files: FileSystem): Erasure | undefined {
  const bytes = readWhole(files, ERASING_PATH);
  if (bytes === undefined) return undefined;
  // Written by `keepIntention` and by nobody else, replaced in one step.
  const { erased, leaf, record } = parseStrictJson(utf8Decode(bytes)) as unknown as {
    readonly erased: Omit<ErasedFields, "fields"> & { readonly fields: readonly number[] };
    readonly leaf: string;
    readonly record: Omit<RecordDraft, "disclosures">;
  };
  return { leaf, erased: { ...erased, fields: new Set(erased.fields) }, record: { ...record, disclosures: {} } };
}

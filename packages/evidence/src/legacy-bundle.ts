/**
 * Reader and verifier of the old product's session bundles, so that old evidence stays readable. It recomputes every
 * envelope and record hash and, given the key, every signature; it also checks what the old verifier did not: that
 * the first record is the first, that indices count up, that session, count and last hash agree. What that format
 * cannot show is said, not guessed: a cut tail, the time, the outcome.
 */
import type { HashPort } from "./crypto-port.ts";
import { fromBase64, utf8Decode } from "./encoding.ts";
import { EvidenceError, errorMessage } from "./evidence-error.ts";
import { Findings, type VerdictName, type VerdictReport } from "./findings.ts";
import { LEGACY_ENVELOPE_FIELDS, legacyEnvelopeHash, legacyRecordHash, legacySignature } from "./legacy-digests.ts";
import { goString, type LosslessJson, parseLosslessJson, printLikeGo, printVerbatim } from "./legacy-json.ts";

export interface LegacyRecord {
  readonly index: number;
  /** As written, with nanoseconds. */
  readonly timestamp: string;
  readonly tool: string;
  readonly target: string;
  readonly decision: string;
  readonly hash: string;
}

export interface LegacyReport {
  readonly format: "legacy";
  readonly verdicts: Readonly<Record<VerdictName, VerdictReport>>;
  readonly notes: readonly string[];
  readonly sessionId: string;
  readonly records: readonly LegacyRecord[];
}

export interface LegacyOptions {
  readonly hash: HashPort;
  /** The symmetric key the old product signed with; without it signatures are not checked. */
  readonly key?: Uint8Array | undefined;
}

/** 64 MiB: old sessions lived in memory and were far smaller. */
export const LEGACY_BYTES_MAX = 64 * 1024 * 1024;

/** True for bytes that look like an old bundle: one JSON object, or the base64 text the old export command wrote. */
export function isLegacyBundle(bytes: Uint8Array): boolean {
  try {
    return bytes.length <= LEGACY_BYTES_MAX && memberOf(readLegacyJson(bytes), "records") !== undefined;
  } catch {
    return false;
  }
}

/** Verifies an old bundle; never throws for what it holds. */
export function verifyLegacyBundle(bytes: Uint8Array, options: LegacyOptions): LegacyReport {
  const findings = new Findings();
  findings.leaveUnchecked(
    "complete",
    "old bundles cannot show that nothing was cut off at the end: no signed head covers them",
  );
  findings.leaveUnchecked("existed_at", "old bundles carry no one else's word on the time");
  findings.leaveUnchecked("paired", "the old product recorded no outcomes");
  findings.note("result, resource and approvals were never covered by the old hashes and may have been changed");
  if (options.key === undefined) findings.note("signatures were not checked: the old key was not given");
  try {
    if (bytes.length > LEGACY_BYTES_MAX) throw new EvidenceError("limit-exceeded", "old bundle is too long");
    return verifyParsed(findings, readLegacyJson(bytes), options);
  } catch (error) {
    findings.fail("consistent", errorMessage(error));
    return { format: "legacy", verdicts: findings.verdicts(), notes: findings.notes, sessionId: "", records: [] };
  }
}

function verifyParsed(findings: Findings, json: LosslessJson, options: LegacyOptions): LegacyReport {
  const sessionId = textOf(json, "session_id");
  const list = memberOf(json, "records");
  const items = list?.kind === "array" ? list.items : [];
  let previousHash = "";
  const records = items.map((item, i) => {
    const record = verifyRecord(findings, item, { ...options, index: i, previousHash, sessionId });
    previousHash = record.hash;
    return record;
  });
  if (numberOf(json, "count") !== String(items.length))
    findings.fail("consistent", "the bundle does not hold as many records as it counts");
  if (textOf(json, "last_hash") !== previousHash)
    findings.fail("consistent", "the bundle's last hash is not its last record's");
  if (items.length === 0) findings.leaveUnchecked("consistent", "the bundle is empty, which shows nothing");
  findings.summarize("consistent", `${items.length} records, head ${previousHash.slice(0, 16)}…`);
  return { format: "legacy", verdicts: findings.verdicts(), notes: findings.notes, sessionId, records };
}

interface Expected extends LegacyOptions {
  readonly index: number;
  readonly previousHash: string;
  readonly sessionId: string;
}

function verifyRecord(findings: Findings, json: LosslessJson, expected: Expected): LegacyRecord {
  const envelope = memberOf(json, "envelope") ?? EMPTY;
  const hash = textOf(json, "hash");
  const name = `record ${expected.index}`;
  const index = numberOf(json, "index");
  if (index !== String(expected.index))
    findings.fail("consistent", `${name} calls itself ${index}: records before it are missing`);
  if (textOf(json, "previous_hash") !== expected.previousHash)
    findings.fail("consistent", `${name} does not follow the record before it`);
  if (!recordHashes(json, envelope, expected).includes(hash))
    findings.fail("consistent", `${name} does not match its hash`);
  const claimed = memberOf(envelope, "evidence_hash");
  if (claimed !== undefined && textOf(envelope, "evidence_hash") !== hash)
    findings.fail("consistent", `${name} names another evidence hash`);
  const session = textOf(memberOf(envelope, "actor") ?? EMPTY, "session_id");
  if ((session === "" ? "default" : session) !== expected.sessionId)
    findings.fail("consistent", `${name} is of another session`);
  const { key } = expected;
  if (key !== undefined && textOf(json, "signature") !== legacySignature(expected.hash, key, hash)) {
    findings.fail("consistent", `${name} has no valid signature`);
  }
  return {
    index: expected.index,
    timestamp: textOf(json, "timestamp"),
    tool: textOf(envelope, "tool"),
    target: textOf(envelope, "target"),
    decision: textOf(envelope, "policy_decision"),
    hash,
  };
}

/** The hash over the file's own tokens, and over them as Go prints them if another tool rewrote the file. */
function recordHashes(json: LosslessJson, envelope: LosslessJson, { hash: port }: LegacyOptions): readonly string[] {
  return [printVerbatim, printLikeGo].map((print) => {
    const fields: Record<string, string> = {};
    for (const field of LEGACY_ENVELOPE_FIELDS) {
      const value = memberOf(envelope, field);
      if (value !== undefined) fields[field] = field === "actor" ? print(inActorOrder(value)) : print(value);
    }
    return legacyRecordHash(port, {
      index: numberOf(json, "index"),
      timestamp: textOf(json, "timestamp"),
      envelopeId: textOf(envelope, "id"),
      tool: textOf(envelope, "tool"),
      decision: textOf(envelope, "policy_decision"),
      envelopeHash: legacyEnvelopeHash(port, fields),
      capability: textOf(envelope, "requested_capability"),
      previousHash: textOf(json, "previous_hash"),
    });
  });
}

/** Go prints a struct in the order of its declaration, wherever another tool may have moved its fields. */
function inActorOrder(actor: LosslessJson): LosslessJson {
  if (actor.kind !== "object") return actor;
  const ordered = ["type", "id", "session_id", "tenant_id"].flatMap((name) => {
    const member = actor.members.get(name);
    return member === undefined
      ? []
      : [`${member.rawKey}:${member.value.kind === "string" ? goString(member.value.text) : "null"}`];
  });
  return { kind: "word", raw: `{${ordered.join(",")}}` };
}

const EMPTY: LosslessJson = { kind: "object", members: new Map() };

function memberOf(json: LosslessJson, name: string): LosslessJson | undefined {
  return json.kind === "object" ? json.members.get(name)?.value : undefined;
}

function textOf(json: LosslessJson, name: string): string {
  const value = memberOf(json, name);
  return value?.kind === "string" ? value.text : "";
}

function numberOf(json: LosslessJson, name: string): string {
  const value = memberOf(json, name);
  return value?.kind === "number" ? value.raw : "";
}

/** The old export command wrote base64 of the bundle, with or without JSON quotes around it. */
function readLegacyJson(bytes: Uint8Array): LosslessJson {
  const text = utf8Decode(bytes).trim();
  if (text.startsWith("{")) return parseLosslessJson(text);
  const base64 = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  return parseLosslessJson(utf8Decode(fromBase64(base64)));
}

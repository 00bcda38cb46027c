/**
 * The digests of the old product, so that what it wrote stays checkable: envelopes, evidence records, tickets, audit
 * entries, task manifests, signed bundles, webhooks. None is used for anything new; all keyed ones are symmetric.
 */
import type { HashPort } from "./crypto-port.ts";
import { concatBytes, toHex, utf8Encode } from "./encoding.ts";

const HMAC_BLOCK_BYTES = 64;

/** HMAC-SHA256 (RFC 2104), hex. */
export function hmacSha256Hex(hash: HashPort, key: Uint8Array, message: string): string {
  const padded = new Uint8Array(HMAC_BLOCK_BYTES);
  padded.set(key.length > HMAC_BLOCK_BYTES ? hash.sha256(key) : key);
  const inner = hash.sha256(
    concatBytes(
      padded.map((byte) => byte ^ 0x36),
      utf8Encode(message),
    ),
  );
  return toHex(
    hash.sha256(
      concatBytes(
        padded.map((byte) => byte ^ 0x5c),
        inner,
      ),
    ),
  );
}

/** SHA-256 over `length (4 bytes, big-endian) ‖ bytes` of each field, hex. */
export function lengthPrefixedHash(hash: HashPort, fields: readonly string[]): string {
  const parts = fields.flatMap((field) => {
    const bytes = utf8Encode(field);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [length, bytes];
  });
  return hash.sha256Hex(concatBytes(...parts));
}

/** The envelope's fields that were hashed, as JSON texts, in the order of hashing; absent optional ones are left out. */
export const LEGACY_ENVELOPE_FIELDS = [
  "id",
  "timestamp",
  "actor",
  "task",
  "protocol",
  "tool",
  "target",
  "parameters",
  "requested_capability",
  "credential_ref",
  "policy_decision",
  "justification",
] as const;

/** Hash of an envelope from the JSON texts of its fields. */
export function legacyEnvelopeHash(hash: HashPort, fields: Readonly<Record<string, string>>): string {
  const present = LEGACY_ENVELOPE_FIELDS.filter((name) => fields[name] !== undefined);
  return hash.sha256Hex(`{${present.map((name) => `"${name}":${fields[name] ?? ""}`).join(",")}}`);
}

export interface LegacyRecordFields {
  readonly index: string;
  readonly timestamp: string;
  readonly envelopeId: string;
  readonly tool: string;
  readonly decision: string;
  readonly envelopeHash: string;
  readonly capability: string;
  readonly previousHash: string;
}

export function legacyRecordHash(hash: HashPort, record: LegacyRecordFields): string {
  const { index, timestamp, envelopeId, tool, decision, envelopeHash, capability, previousHash } = record;
  return lengthPrefixedHash(hash, [
    index,
    timestamp,
    envelopeId,
    tool,
    decision,
    envelopeHash,
    capability,
    previousHash,
  ]);
}

/** Signature of a record (over the hex text of its hash), and of anything else the old product signed. */
export function legacySignature(hash: HashPort, key: Uint8Array, message: string): string {
  return hmacSha256Hex(hash, key, message);
}

export interface LegacyAuditEntry {
  readonly timestamp: string;
  readonly actor: string;
  readonly actorRole: string;
  readonly action: string;
  readonly resource: string;
  readonly detail: string;
  readonly tenantId: string;
  readonly previousHash: string;
}

/** Neither the model nor the id of an entry was ever covered. */
export function legacyAuditHash(hash: HashPort, entry: LegacyAuditEntry): string {
  const { timestamp, actor, actorRole, action, resource, detail, tenantId, previousHash } = entry;
  return lengthPrefixedHash(hash, [timestamp, actor, actorRole, action, resource, detail, tenantId, previousHash]);
}

/** Signature of a policy pack, plugin or connector; its tier, signer and date were never covered. */
export function legacySupplySignature(
  hash: HashPort,
  key: Uint8Array,
  asset: { readonly name: string; readonly version: string; readonly type: string; readonly contentHash: string },
): string {
  return hmacSha256Hex(hash, key, `${asset.name}|${asset.version}|${asset.type}|${asset.contentHash}`);
}

/** Signature header of a webhook. */
export function legacyWebhookSignature(hash: HashPort, secret: string, unixSeconds: string, body: string): string {
  return hmacSha256Hex(hash, utf8Encode(secret), `${unixSeconds}.${body}`);
}

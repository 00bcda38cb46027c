/**
 * Evidence that a stranger can check: canonical JSON, records, the Merkle log, signed checkpoints, bundles and their
 * verifier. No dependencies; runs on Bun, Node >= 20 and in browsers. Format: docs/design/evidence.md.
 *
 * Writing a log
 *   parseStrictJson(text, {depthMax?, bytesMax?}): CanonicalInput      canonicalJson(value, {numbers?, depthMax?}): string
 *   buildRecord(hash, draft: RecordDraft, disclosures, randomBytes): {header, leaf, body}
 *   parseRecordHeader(text): RecordHeader                              recordLeaf(hash, headerText): string (64 hex)
 *   new GrowingRange(hash, from?: CompactRange): append(leaf, visit?), size, root(), snapshot()
 *   inclusionProof(hash, index, size, read), consistencyProof(hash, first, second, read); read(level, index) => node
 *   formatCheckpoint({origin, size, root}): text; signNote(text, [createNoteSigner(hash, name, ed25519Signer)]): note
 *   hashTilePath, entryTilePath, tileOfNode, encodeHashTile, encodeEntryTile … (tlog-tiles)
 *   headsPayload(hash, entries): p of a `heads` record; headPath(hash, entries, tenant, sid): HeadPath
 * Exporting a session (shapes in `bundle.ts`)
 *   contextNeeds(records, context): what else the bundle must hold; call until nothing is missing
 *   buildBundle(hash, input: BundleInput): string                      the `.aegis` text
 * Verifying
 *   verifyBundle(bytes, {crypto, policy?: TrustPolicy, limits?}): Promise<BundleReport>      never throws for what a bundle holds
 *   parseTrustPolicy(hash, text): TrustPolicy (C2SP tlog-policy)
 *   verifyLegacyBundle(bytes, {hash, key?}): LegacyReport, isLegacyBundle(bytes)             bundles of the earlier product
 *   renderTerminal | renderMarkdown | renderHtml(report, {generatedAt?}): string
 *   `@aegisflow/evidence/verify-cli`: runVerifyCli(argv); `verify-main` is the entry of the one-file build
 * Cryptography: `@aegisflow/evidence/node-crypto` exports nodeCrypto, createEd25519Signer(seed), generateEd25519Seed();
 *   portableCrypto (here) needs no imports at all.
 */

export * from "./bundle.ts";
export type { BundleManifest, ParsedRecord } from "./bundle-lines.ts";
export { type ContextNeeds, contextNeeds } from "./bundle-needs.ts";
export { BUNDLE_LIMITS, type BundleLimits, type ParsedBundle, parseBundle } from "./bundle-parse.ts";
export { type CanonicalOptions, canonicalJson, type NumberProfile } from "./canonical-json.ts";
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
export { commit, type Disclosures, SALT_BYTES } from "./commitment.ts";
export type { CryptoPort, Ed25519Signer, HashPort } from "./crypto-port.ts";
export * from "./encoding.ts";
export { EvidenceError, type EvidenceErrorCode, errorMessage } from "./evidence-error.ts";
export { VERDICT_NAMES, type Verdict, type VerdictName, type VerdictReport } from "./findings.ts";
export { type HeadEntry, type HeadPath, headPath, headsPayload, verifyHeadPath } from "./heads.ts";
export { isLegacyBundle, type LegacyOptions, type LegacyReport, verifyLegacyBundle } from "./legacy-bundle.ts";
export * from "./merkle.ts";
export * from "./merkle-proof.ts";
export { type DecisionLife, decisionLives, isOpen, type LinkedRecord, openDecisions } from "./pairing.ts";
export { portableCrypto } from "./portable-crypto.ts";
export * from "./record.ts";
export { assertHeader, KNOWN_KINDS, type RecordHeader } from "./record-header.ts";
export { type ReportOptions, renderHtml, renderMarkdown, renderTerminal } from "./report.ts";
export * from "./signed-note.ts";
export {
  type CanonicalInput,
  JSON_BYTES_MAX,
  JSON_DEPTH_MAX,
  parseStrictJson,
  type StrictJsonLimits,
} from "./strict-json.ts";
export * from "./tiles.ts";
export { formatTlogProof, parseTlogProof, type TlogProof } from "./tlog-proof.ts";
export { checkTrust, parseTrustPolicy, type Quorum, type TrustFinding, type TrustPolicy } from "./trust-policy.ts";
export { type BundleReport, type VerifyOptions, verifyBundle } from "./verify-bundle.ts";
export { type FieldState, type FieldStates, fieldKey } from "./verify-disclosures.ts";
export { toVisible } from "./visible-text.ts";

/** Hostile bytes against every reader: an answer or the package's own error, never anything else, and soon. */
import { describe, expect, test } from "bun:test";
import { parseBundle } from "./bundle-parse.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { toBase64, utf8Decode, utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { isLegacyBundle, verifyLegacyBundle } from "./legacy-bundle.ts";
import { parseLosslessJson } from "./legacy-json.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { parseRecordHeader } from "./record.ts";
import { renderHtml, renderMarkdown, renderTerminal } from "./report.ts";
import { parseNote, parseVerifierKey } from "./signed-note.ts";
import { type SeededRandom, seededRandom } from "./simulation/seeded-random.ts";
import { simulateWorld } from "./simulation/simulated-world.ts";
import { repairBytes } from "./simulation/tamper-bytes.ts";
import { decodeEntryTile, decodeHashTile, encodeEntryTile } from "./tiles.ts";
import { formatTlogProof, parseTlogProof } from "./tlog-proof.ts";
import { parseTrustPolicy } from "./trust-policy.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** Per reader; EVIDENCE_FUZZ overrides it. */
export const FUZZ_RUNS = Number(process.env.EVIDENCE_FUZZ ?? 3000);
const TIMEOUT_MS = 120_000;

const { log, session } = simulateWorld(17, { actionsMax: 4, witnesses: 1, hidden: true });
const BUNDLE = utf8Encode(log.exportBundle(session.tenant, session.sid));
const CHECKPOINT = log.checkpoint();
const LEGACY =
  '{"session_id":"default","records":[{"index":0,"timestamp":"t","envelope":{"actor":{"type":"a"},"parameters":{"n":12345678901234567890}},"previous_hash":"","hash":"x"}],"count":1,"last_hash":"x","exported_at":"t"}';

const text = (read: (text: string) => unknown) => (bytes: Uint8Array) => read(utf8Decode(bytes));
const READERS: readonly (readonly [name: string, seed: Uint8Array, read: (bytes: Uint8Array) => unknown])[] = [
  ["notes", utf8Encode(CHECKPOINT), text(parseNote)],
  ["checkpoints", utf8Encode(parseNote(CHECKPOINT).text), text(parseCheckpoint)],
  [
    "proofs",
    utf8Encode(formatTlogProof({ index: 3, proof: [new Uint8Array(32)], checkpoint: CHECKPOINT })),
    text(parseTlogProof),
  ],
  ["trust policies", utf8Encode(log.trustPolicy()), text((policy) => parseTrustPolicy(nodeCrypto, policy))],
  ["keys", utf8Encode(log.trustPolicy().split(/\s/)[1] ?? ""), text((key) => parseVerifierKey(nodeCrypto, key))],
  ["records", utf8Encode(log.entries[3]?.text ?? ""), text(parseRecordHeader)],
  ["entry tiles", encodeEntryTile([new Uint8Array(9), new Uint8Array(0)]), decodeEntryTile],
  ["hash tiles", new Uint8Array(64), decodeHashTile],
  ["old JSON", utf8Encode(LEGACY), text(parseLosslessJson)],
  ["bundles", BUNDLE, (bytes) => parseBundle(nodeCrypto, bytes)],
  ["repaired bundles", BUNDLE, (bytes) => parseBundle(nodeCrypto, repairBytes(bytes))],
];

describe("hostile bytes", () => {
  test.each(READERS)(
    "never surprise the reader of %s",
    (_name, seed, read) => {
      const random = seededRandom(99);
      for (let i = 0; i < FUZZ_RUNS; i++) {
        try {
          read(mutate(seed, random));
        } catch (error) {
          if (!(error instanceof EvidenceError)) throw error;
        }
      }
      expect(read(seed)).toBeDefined();
    },
    TIMEOUT_MS,
  );

  test(
    "always give a report",
    async () => {
      const random = seededRandom(100);
      for (let i = 0; i < FUZZ_RUNS / 4; i++) {
        const report = await verifyBundle(repairBytes(mutate(BUNDLE, random)), { crypto: nodeCrypto });
        for (const render of [renderHtml, renderMarkdown, renderTerminal])
          expect(render(report)).not.toContain("\u001b");
        const old = mutate(utf8Encode(LEGACY), random);
        isLegacyBundle(old);
        renderMarkdown(verifyLegacyBundle(old, { hash: nodeCrypto }));
      }
    },
    TIMEOUT_MS,
  );

  test(
    "cost no more than they are long",
    async () => {
      const deep = utf8Encode(`${"[".repeat(1_000_000)}\n`);
      const wide = utf8Encode(`{${'"a":1,'.repeat(200_000)}"b":1}\n`);
      const lines = utf8Encode("{}\n".repeat(1_000_000));
      const quotes = utf8Encode(`"${"\\u0041".repeat(500_000)}\n`);
      const started = performance.now();
      for (const bytes of [deep, wide, lines, quotes, utf8Encode(toBase64(deep))]) {
        expect((await verifyBundle(bytes, { crypto: nodeCrypto })).verdicts.consistent.verdict).toBe("FAIL");
        expect(verifyLegacyBundle(bytes, { hash: nodeCrypto }).verdicts.consistent.verdict).toBe("FAIL");
      }
      expect(performance.now() - started).toBeLessThan(20_000);
    },
    TIMEOUT_MS,
  );
});

const INTERESTING = [
  0x00, 0x0a, 0x20, 0x22, 0x2b, 0x2c, 0x30, 0x3a, 0x5b, 0x5c, 0x7b, 0x7d, 0x80, 0xc3, 0xed, 0xff,
] as const;

/** A few random edits: bytes set, removed, doubled, cut. */
function mutate(seed: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes = [...seed];
  const edits = 1 + random.below(4);
  for (let i = 0; i < edits; i++) {
    const at = random.below(bytes.length + 1);
    const kind = random.below(5);
    if (kind === 0) bytes = bytes.toSpliced(at, random.below(9));
    else if (kind === 1) bytes = bytes.toSpliced(at, 0, ...bytes.slice(at, at + random.below(40)));
    else if (kind === 2) bytes = bytes.slice(0, at);
    else
      bytes = bytes.toSpliced(
        at,
        kind === 3 ? 1 : 0,
        random.chance(0.5) ? random.pick(INTERESTING) : random.below(256),
      );
  }
  return Uint8Array.from(bytes);
}

/** The quick way makes the same record as the evidence package, to the byte, or none at all. */
import { describe, expect, test } from "bun:test";
import type { JsonValue } from "@aegisflow/core";
import { buildRecord, canonicalJson, EvidenceError, NO_PREDECESSOR, type RecordDraft } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import fc from "fast-check";
import { QuickRecords, quotePlain } from "./quick-record.ts";

const word = fc.stringMatching(/^[a-z0-9:/_.-]{1,40}$/);
const strange = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "é", '"', "\\", "\n", "\u007f", "x".repeat(600)),
);
const odd = fc.oneof({ weight: 40, arbitrary: word }, { weight: 1, arbitrary: strange });
const name = fc.oneof(
  { weight: 40, arbitrary: fc.stringMatching(/^[a-zA-Z][a-z_.-]{0,8}$/) },
  { weight: 1, arbitrary: fc.constantFrom("1", "", "é", "__proto__") },
);
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const value: fc.Arbitrary<JsonValue> = fc.jsonValue({ maxDepth: 3 }).map((json) => JSON.parse(JSON.stringify(json)));

const draft: fc.Arbitrary<RecordDraft> = fc
  .record({
    boot: word,
    epoch: fc.nat(),
    id: word,
    kind: fc.constantFrom("decision", "session.open", "outcome"),
    log: word,
    mono: fc.nat().map(String),
    p: fc.dictionary(name, odd, { maxKeys: 5 }),
    ref: fc.dictionary(name, fc.oneof({ weight: 40, arbitrary: hash }, { weight: 1, arbitrary: odd }), {
      maxKeys: 2,
    }),
    prev: fc.oneof(hash, fc.constant(NO_PREDECESSOR)),
    seq: fc.nat(3),
    sid: odd,
    tenant: word,
    ts: fc.constant("2026-11-23T10:11:12.123456Z"),
  })
  .map((made) => (made.seq === 0 ? { ...made, kind: "session.open", prev: NO_PREDECESSOR } : made));

describe("quick records", () => {
  test("are the evidence package's records, byte for byte", () => {
    const records = new QuickRecords();
    let quick = 0;
    fc.assert(
      fc.property(draft, fc.dictionary(name, value, { maxKeys: 4 }), (header, disclosures) => {
        const names = Object.keys(disclosures).sort();
        const random = Uint8Array.from({ length: names.length * 16 + 12 }, (_, i) => i);
        const texts = names.map((field) => printed(disclosures[field] ?? null));
        if (texts.includes(undefined)) return;
        const fields = names.map((field, i) => {
          const text = texts[i] ?? "";
          return { name: field, text, textBytes: Buffer.byteLength(text) };
        });
        const built = records.build(header, { fields, random });
        const sorted = Object.fromEntries(names.map((field) => [field, disclosures[field] ?? null]));
        const salts = names.map((_, i) => random.subarray(i * 16, i * 16 + 16));
        const expected = slowly(header, sorted, salts);
        if (built === undefined) return;
        quick++;
        expect<unknown>(built).toEqual({
          header: expected?.header,
          leaf: expected?.leaf,
          headerBytes: Buffer.byteLength(expected?.header ?? ""),
        });
      }),
      { numRuns: 3000 },
    );
    // A quick way that is never taken would pass as well.
    expect(quick).toBeGreaterThan(100);
  });

  test("quote a string only as canonical JSON does", () => {
    fc.assert(
      fc.property(odd, (text) => {
        const quoted = quotePlain(text);
        expect(quoted === undefined || quoted === canonicalJson(text)).toBe(true);
      }),
    );
  });
});

function printed(json: JsonValue): string | undefined {
  try {
    return (typeof json === "string" ? quotePlain(json) : undefined) ?? canonicalJson(json, { numbers: "strict-json" });
  } catch {
    return undefined;
  }
}

function slowly(
  header: RecordDraft,
  disclosures: Readonly<Record<string, JsonValue>>,
  salts: Uint8Array[],
): ReturnType<typeof buildRecord> | undefined {
  try {
    return buildRecord(nodeCrypto, header, disclosures, () => salts.shift() ?? new Uint8Array(0));
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}

import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { commit } from "./commitment.ts";
import { toHex } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { leafHash } from "./merkle.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { buildRecord, NO_PREDECESSOR, parseRecordHeader, type RecordDraft, recordLeaf } from "./record.ts";
import { jsonValues } from "./strict-json.test.ts";

const salts = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
const OPEN: RecordDraft = {
  boot: "b1",
  epoch: 3,
  id: "0198-1",
  kind: "session.open",
  log: "acme.example/aegis/prod",
  mono: "12",
  p: {},
  prev: NO_PREDECESSOR,
  ref: {},
  seq: 0,
  sid: "s_1",
  tenant: "t_1",
  ts: "2026-11-23T10:11:12.123456Z",
};
const LATER: RecordDraft = {
  ...OPEN,
  kind: "decision",
  seq: 4,
  prev: "ab".repeat(32),
  p: { effect: "allow" },
  ref: { decision: "cd".repeat(32) },
};

describe("buildRecord()", () => {
  test("prints a canonical header whose leaf is the RFC 6962 hash of its bytes", () => {
    const built = buildRecord(nodeCrypto, LATER, { args: '{"x":1.5}', target: "é" }, salts);
    expect(built.header).toBe(String(canonicalize(JSON.parse(built.header))));
    expect(built.leaf).toBe(toHex(leafHash(nodeCrypto, built.header)));
    expect(recordLeaf(nodeCrypto, built.header)).toBe(built.leaf);
    expect(parseRecordHeader(built.header)).toEqual({ ...LATER, cm: JSON.parse(built.header).cm, v: 1 });
  });

  test("shows nothing of a disclosed value in the header, and a fresh commitment each time", () => {
    const make = (): ReturnType<typeof buildRecord> => buildRecord(nodeCrypto, LATER, { user: "dana@example" }, salts);
    const [one, two] = [make(), make()];
    expect(one.header).not.toContain("dana");
    expect(parseRecordHeader(one.header).cm.user).not.toBe(parseRecordHeader(two.header).cm.user);
  });

  test("commits to any JSON value, bound to its field and its salt", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const { header, body } = buildRecord(nodeCrypto, LATER, { response: value }, salts);
        const [salt, kept] = body.response ?? ["", null];
        const cm = parseRecordHeader(header).cm.response;
        expect(commit(nodeCrypto, salt, "response", kept)).toBe(cm ?? "");
        expect(commit(nodeCrypto, salt, "answer", kept)).not.toBe(cm ?? "");
        expect(commit(nodeCrypto, "A".repeat(22), "response", kept)).not.toBe(cm ?? "");
      }),
      { numRuns: 200 },
    );
  });

  const wrong: readonly (readonly [string, Partial<RecordDraft>])[] = [
    ["a session.open in the middle", { kind: "session.open" }],
    ["a first record that is no session.open", { seq: 0 }],
    ["no predecessor in the middle", { prev: NO_PREDECESSOR }],
    ["a predecessor that is no hash", { prev: "AB".repeat(32) }],
    ["a negative place", { seq: -1 }],
    ["half an epoch", { epoch: 0.5 }],
    ["a time without microseconds", { ts: "2026-11-23T10:11:12Z" }],
    ["a day that does not exist", { ts: "2026-02-31T10:11:12.000000Z" }],
    ["an empty session id", { sid: "" }],
    ["a control character", { tenant: "a\u001b[2J" }],
    ["a document in the public part", { p: { rule: "x".repeat(600) } }],
    ["a line break in the public part", { p: { rule: "a\nb" } }],
    ["an odd field name", { p: { "a b": "x" } }],
    ["a reference that is no leaf", { ref: { decision: "x" } }],
    ["a clock that is no number", { mono: "1.5" }],
  ];
  test.each(wrong)("refuses %s", (_name, change) => {
    expect(() => buildRecord(nodeCrypto, { ...LATER, ...change }, {}, salts)).toThrow(EvidenceError);
  });

  test("refuses disclosures that cannot be committed to", () => {
    expect(() => buildRecord(nodeCrypto, LATER, { "bad name": 1 }, salts)).toThrow("field name");
    expect(() => buildRecord(nodeCrypto, LATER, JSON.parse('{"__proto__":1}'), salts)).toThrow("field name");
    expect(() => buildRecord(nodeCrypto, LATER, { big: 1e300 }, salts)).toThrow("2^53");
    expect(() => buildRecord(nodeCrypto, LATER, { text: "\ud800" }, salts)).toThrow("surrogate");
    expect(() => commit(nodeCrypto, "AAAA", "f", 1)).toThrow("16 bytes");
  });

  test("keeps headers small", () => {
    const p = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`f${i}`, "é".repeat(500)]));
    expect(() => buildRecord(nodeCrypto, { ...LATER, p }, {}, salts)).toThrow("longer than");
  });
});

describe("parseRecordHeader()", () => {
  const { header } = buildRecord(nodeCrypto, LATER, {}, salts);
  const value = JSON.parse(header);

  test("keeps unknown fields and kinds, so that old verifiers check newer logs", () => {
    const newer = String(canonicalize({ ...value, kind: "quantum.leap", zone: { a: [1] } }));
    expect(parseRecordHeader(newer).kind).toBe("quantum.leap");
  });

  test.each([
    ["spaces", JSON.stringify(value, null, 1)],
    ["another key order", JSON.stringify({ v: 1, ...value })],
    ["an escaped letter", header.replace("decision", "d\\u0065cision")],
    ["a number with exponent", header.replace('"seq":4', '"seq":4e0')],
    ["another version", header.replace('"v":1', '"v":2')],
    ["a missing field", String(canonicalize({ ...value, boot: undefined }))],
    ["an array", "[]"],
    ["text in a commitment", String(canonicalize({ ...value, cm: { user: "dana@example" } }))],
    ["too much depth", String(canonicalize({ ...value, zone: JSON.parse("[".repeat(20) + "]".repeat(20)) }))],
  ])("refuses %s", (_name, text) => {
    expect(() => parseRecordHeader(text)).toThrow(EvidenceError);
  });
});

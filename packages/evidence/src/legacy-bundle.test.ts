/** The reference product's golden vectors, and its bundles with all their weaknesses. */
import { describe, expect, test } from "bun:test";
import { fromHex, toBase64, utf8Encode } from "./encoding.ts";
import { isLegacyBundle, type LegacyReport, verifyLegacyBundle } from "./legacy-bundle.ts";
import {
  legacyAuditHash,
  legacyEnvelopeHash,
  legacyRecordHash,
  legacySignature,
  legacySupplySignature,
  legacyWebhookSignature,
} from "./legacy-digests.ts";
import { parseLosslessJson, printLikeGo, printVerbatim } from "./legacy-json.ts";
import { nodeCrypto as hash } from "./node-crypto.ts";

const KEY = utf8Encode("secret");
const PARAMETERS =
  '{"b":[1,true,null],"f":1e+21,"g":1e-7,"html":"\\u003ca\\u0026b\\u003e","org":"acme","u":"é\\u2028"}';
const ENV1 = {
  id: '"env-1"',
  timestamp: '"2026-04-06T12:00:00.123456789Z"',
  actor: '{"type":"agent","id":"mcp-client","session_id":"","tenant_id":""}',
  task: '"mcp-session"',
  protocol: '"mcp"',
  tool: '"github.list_repos"',
  target: '"github.list_repos"',
  parameters: PARAMETERS,
  requested_capability: '"read"',
  policy_decision: '"allow"',
};
const ENV2 = {
  id: '"env-2"',
  timestamp: '"2026-04-06T12:00:00Z"',
  actor: '{"type":"agent","id":"a","session_id":"s","tenant_id":"t"}',
  task: '"t"',
  protocol: '"sql"',
  tool: '"sql.delete"',
  target: '"db"',
  parameters: "null",
  requested_capability: '"delete"',
  credential_ref: '"c1"',
  policy_decision: '"block"',
  justification: '"why"',
};
const REC0_HASH = "4fd25f073f3c75e4fd1f915514f81db83a93f4be7499704f18f6a9644d2e87af";
const REC0_SIGNATURE = "06d03c54e27ac506b8efc2f954d714b7b21a782763f28600b2c15db72aef5e03";

describe("golden vectors of the earlier product", () => {
  test("envelopes", () => {
    expect(legacyEnvelopeHash(hash, ENV1)).toBe("c7ca41ae3f20ef3738d650d1c28e28e1e37950094eb07fded58a287c2648cbf4");
    expect(legacyEnvelopeHash(hash, ENV2)).toBe("bc4999e82d3f78f653d7faa47a1ff4ef97beeb7424bd49e81c4d171c1d7a219b");
  });

  test("evidence records and their signatures", () => {
    const rec0 = {
      index: "0",
      timestamp: "2026-04-06T12:00:00.123457789Z",
      envelopeId: "env-1",
      tool: "github.list_repos",
      decision: "allow",
      envelopeHash: legacyEnvelopeHash(hash, ENV1),
      capability: "read",
      previousHash: "",
    };
    expect(legacyRecordHash(hash, rec0)).toBe(REC0_HASH);
    expect(legacySignature(hash, KEY, REC0_HASH)).toBe(REC0_SIGNATURE);
    const rec1 = {
      index: "1",
      timestamp: "2026-04-06T12:00:01Z",
      envelopeId: "env-2",
      tool: "sql.delete",
      decision: "block",
      envelopeHash: legacyEnvelopeHash(hash, ENV2),
      capability: "delete",
      previousHash: REC0_HASH,
    };
    expect(legacyRecordHash(hash, rec1)).toBe("22b847e4d8f3df91b7a250c3c0c8615d240b3c9173405c2e7506eb25294a772b");
    expect(legacySignature(hash, KEY, legacyRecordHash(hash, rec1))).toBe(
      "dd26aca17ba158c286bddbf895a2e59f5d94d3cd5f7d1d97fb82b9e720a4de00",
    );
  });

  test("tickets, audit entries, manifests, signed packs and webhooks", () => {
    const ticket =
      '{"id":"tk-1","subject":"agent-1","task_id":"T-1","session_id":"s-1","envelope_id":"env-1","resource":"acme/repo","verb":"write","protocol":"git","tool":"github.create_pull_request","policy_hash":"ph","issued_at":"2026-04-06T12:00:00Z","expires_at":"2026-04-06T12:05:00Z","nonce":"00112233445566778899aabbccddeeff","evidence_ref":"ev"}';
    expect(legacySignature(hash, fromHex("00010203"), ticket)).toBe(
      "a575a540b7600e94fd884795c290de44b4c6193b039d916d897bf536de9622af",
    );
    const audit = {
      timestamp: "2026-04-06T12:00:00.123456789Z",
      actor: "system",
      actorRole: "system",
      action: "policy.block",
      resource: "policy:x",
      detail: "{}",
      tenantId: "t1",
      previousHash: "",
    };
    expect(legacyAuditHash(hash, audit)).toBe("3e8ae1ade9ac90b1807e703ade9fc6da5a5dfad376472b5f6c51a915e3b904cc");
    const manifest =
      '{"task_id":"T-1","allowed_tools":["github.*"],"allowed_resources":null,"allowed_protocols":["git","mcp"],"allowed_verbs":null,"max_actions":5,"risk_tier":"low"}';
    expect(hash.sha256Hex(manifest)).toBe("340120e5101c577c7576819d012abadff824222d9c5738357875ff00c2ed6d98");
    const pack = { name: "pack", version: "1.0.0", type: "policy_pack", contentHash: hash.sha256Hex("hello") };
    expect(pack.contentHash).toBe("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    expect(legacySupplySignature(hash, fromHex("01020304"), pack)).toBe(
      "1018d11e611d08558406b781e19c7ff6edae558e96f59b5f1751bd3adac0bd1d",
    );
    expect(legacyWebhookSignature(hash, "s3cr3t", "1700000000", '{"a":1}')).toBe(
      "8dbbbbf4523b10bbb793e74d854144c45acccc2d233667b1c06b805b6ded8a84",
    );
  });
});

/** A bundle as the earlier product exported it: indented, with what it did not hash. */
function exportBundle(records: readonly string[], lastHash: string): string {
  return `{\n  "session_id": "default",\n  "records": [\n${records.join(",\n")}\n  ],\n  "count": ${records.length},\n  "last_hash": "${lastHash}",\n  "exported_at": "2026-04-06T12:01:00Z"\n}`;
}

/** A record over an envelope with these parameters; the hash is computed as the earlier product did. */
function makeRecord(
  index: number,
  previousHash: string,
  parameters: string,
  session = "",
): { text: string; hash: string } {
  const fields = { ...ENV1, parameters, actor: ENV1.actor.replace('"session_id":""', `"session_id":"${session}"`) };
  const timestamp = "2026-04-06T12:00:00.123457789Z";
  const envelopeHash = legacyEnvelopeHash(hash, fields);
  const record = legacyRecordHash(hash, {
    index: String(index),
    timestamp,
    envelopeId: "env-1",
    tool: "github.list_repos",
    decision: "allow",
    envelopeHash,
    capability: "read",
    previousHash,
  });
  const envelope = Object.entries(fields).map(([name, json]) => `      "${name}": ${json}`);
  const extra = ['      "evidence_hash": "HASH"', '      "result": {"success": true, "duration": 1500000}'].map(
    (line) => line.replace("HASH", record),
  );
  const text = `    {"index": ${index}, "timestamp": "${timestamp}", "envelope": {\n${[...envelope, ...extra].join(",\n")}\n    }, "previous_hash": "${previousHash}", "hash": "${record}", "signature": "${legacySignature(hash, KEY, record)}"}`;
  return { text, hash: record };
}

const first = makeRecord(0, "", PARAMETERS);
const second = makeRecord(1, first.hash, '{"big":9007199254740993123,"small":0.1}');
const third = makeRecord(2, second.hash, "null");
const GOOD = exportBundle([first.text, second.text, third.text], third.hash);

function verify(text: string): LegacyReport {
  return verifyLegacyBundle(utf8Encode(text), { hash, key: KEY });
}

describe("verifyLegacyBundle()", () => {
  test("verifies an honest bundle, big integers and nanoseconds included", () => {
    expect(first.hash).toBe(REC0_HASH);
    const report = verify(GOOD);
    expect(report.verdicts.consistent).toMatchObject({ verdict: "PASS", reasons: [] });
    expect(report.records[0]).toMatchObject({
      timestamp: "2026-04-06T12:00:00.123457789Z",
      tool: "github.list_repos",
      decision: "allow",
    });
  });

  test("does not claim what the old format cannot show", () => {
    const { verdicts, notes } = verifyLegacyBundle(utf8Encode(GOOD), { hash });
    expect([verdicts.complete.verdict, verdicts.existed_at.verdict, verdicts.paired.verdict]).toEqual([
      "NOT CHECKED",
      "NOT CHECKED",
      "NOT CHECKED",
    ]);
    expect(notes.join("\n")).toContain("never covered");
    expect(notes.join("\n")).toContain("signatures were not checked");
  });

  test("reads what the old export command really wrote: base64, quoted or not", () => {
    for (const text of [toBase64(utf8Encode(GOOD)), `"${toBase64(utf8Encode(GOOD))}"\n`]) {
      expect(isLegacyBundle(utf8Encode(text))).toBe(true);
      expect(verify(text).verdicts.consistent.verdict).toBe("PASS");
    }
    expect(isLegacyBundle(utf8Encode('{"format":"x"}'))).toBe(false);
  });

  test("reads a bundle that another tool has rewritten", () => {
    const reordered = GOOD.replace(/"type":"agent","id":"mcp-client"/g, '"id":"mcp-client","type":"agent"')
      .replaceAll("\\u003c", "<")
      .replaceAll("1e+21", "1000000000000000000000.0");
    expect(verify(reordered).verdicts.consistent).toMatchObject({ verdict: "PASS" });
  });

  const empty = exportBundle([], "");
  const tampered: readonly (readonly [string, string, string])[] = [
    ["an edited argument", GOOD.replace('"acme"', '"evil"'), "does not match its hash"],
    [
      "one digit of a big integer",
      GOOD.replace("9007199254740993123", "9007199254740993124"),
      "does not match its hash",
    ],
    ["one nanosecond", GOOD.replaceAll("123457789Z", "123457788Z"), "does not match its hash"],
    [
      "a forged evidence hash in the envelope",
      GOOD.replace(`"evidence_hash": "${second.hash}"`, `"evidence_hash": "${first.hash}"`),
      "another evidence hash",
    ],
    ["a dropped head", exportBundle([second.text, third.text], third.hash), "records before it are missing"],
    ["a dropped middle", exportBundle([first.text, third.text], third.hash), "does not follow"],
    ["a wrong count", GOOD.replace('"count": 3', '"count": 4'), "as it counts"],
    ["a wrong last hash", GOOD.replace(`"last_hash": "${third.hash}"`, `"last_hash": "${first.hash}"`), "last hash"],
    [
      "another session's record",
      exportBundle([makeRecord(0, "", "null", "other").text], makeRecord(0, "", "null", "other").hash),
      "another session",
    ],
    ["a wrong signature", GOOD.replace(/"signature": "[0-9a-f]{4}/, '"signature": "0000'), "no valid signature"],
    ["no JSON", "{", "unexpected"],
    ["doubled keys", GOOD.replace('"count"', '"session_id": "x", "count"'), "duplicate key"],
  ];
  test.each(tampered)("finds %s", (_name, text, reason) => {
    const { consistent } = verify(text).verdicts;
    expect(consistent.verdict).toBe("FAIL");
    expect(consistent.reasons.join("; ")).toContain(reason);
  });

  test("cannot see a cut tail and says so, nor pass an empty bundle", () => {
    const cut = verify(exportBundle([first.text], first.hash));
    expect([cut.verdicts.consistent.verdict, cut.verdicts.complete.verdict]).toEqual(["PASS", "NOT CHECKED"]);
    expect(verify(empty).verdicts.consistent.verdict).toBe("NOT CHECKED");
  });
});

describe("lossless JSON", () => {
  test("prints its tokens as they were", () => {
    const text = '{"a":[1.50,-0,12345678901234567890,1E5,true,null,"\\u0041\\n\\/"],"":{}}';
    expect(printVerbatim(parseLosslessJson(` ${text.replaceAll(",", " ,\n")} `))).toBe(text);
  });

  test("prints like Go", () => {
    expect(printLikeGo(parseLosslessJson('{"b":1.50,"a":-0.0,"é":"<&>\\u2028\\u0041","\\uffff":1E5,"😀":[]}'))).toBe(
      '{"a":-0,"b":1.5,"é":"\\u003c\\u0026\\u003e\\u2028A","\uffff":100000,"😀":[]}',
    );
  });

  test.each(["", "{", "[1,]", '{"a":1,}', "{1:2}", "tru", "[1 2]", "1 2", '{"a" 1}', ",", '"a\nb"', "[".repeat(100)])(
    "refuses %j",
    (text) => {
      expect(() => parseLosslessJson(text)).toThrow();
    },
  );
});

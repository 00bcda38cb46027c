/** What a dishonest or broken *writer* could do with valid keys: the log is intact, its content is wrong. */
import { describe, expect, test } from "bun:test";
import { buildBundle } from "./bundle.ts";
import { parseBundle } from "./bundle-parse.ts";
import { utf8Encode } from "./encoding.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { DISHONEST_PLAYS, HandWrittenSession, HONEST_PLAYS } from "./simulation/hand-written-session.ts";
import { SYSTEM } from "./simulation/memory-log.ts";
import { parseTrustPolicy } from "./trust-policy.ts";
import { verifyBundle } from "./verify-bundle.ts";

describe("verifyBundle()", () => {
  test.each(Object.entries(HONEST_PLAYS))("accepts %s", async (_name, play) => {
    const stage = new HandWrittenSession(1);
    play(stage);
    const { verdicts } = await stage.verify();
    expect(Object.values(verdicts).map((v) => [v.verdict, ...v.reasons])).toEqual([
      ["PASS"],
      ["PASS"],
      ["PASS"],
      ["PASS"],
    ]);
  });

  test.each(Object.entries(DISHONEST_PLAYS))("finds %s", async (_name, [verdict, reason, play]) => {
    const stage = new HandWrittenSession(1);
    play(stage);
    const { verdicts } = await stage.verify();
    expect(verdicts[verdict].verdict).toBe("FAIL");
    expect(verdicts[verdict].reasons.join("; ")).toContain(reason);
  });

  test("reports decisions as open while the session is", async () => {
    const stage = new HandWrittenSession();
    stage.decide("allow");
    const { verdicts, pairing } = await stage.verify();
    expect([verdicts.paired.verdict, pairing]).toEqual(["PASS", { decisions: 1, outcomes: 0, open: 1 }]);
  });

  test("claims neither completeness nor time without a trust policy", async () => {
    const stage = new HandWrittenSession(1);
    stage.outcome(stage.decide("allow"), "executed");
    const { verdicts } = await verifyBundle(utf8Encode(stage.log.exportBundle("t", "s")), { crypto: nodeCrypto });
    expect(Object.values(verdicts).map((v) => v.verdict)).toEqual(["PASS", "NOT CHECKED", "NOT CHECKED", "PASS"]);
  });

  test("claims no time without a witness, and no completeness without heads", async () => {
    const stage = new HandWrittenSession();
    stage.decide("block");
    expect((await stage.verify()).verdicts.existed_at.verdict).toBe("NOT CHECKED");
    const input = stage.log.exportInput("t", "s");
    const policy = parseTrustPolicy(nodeCrypto, stage.log.trustPolicy());
    const { verdicts } = await verifyBundle(utf8Encode(buildBundle(nodeCrypto, { ...input, heads: undefined })), {
      crypto: nodeCrypto,
      policy,
    });
    expect(verdicts.complete).toMatchObject({ verdict: "NOT CHECKED" });
    expect(verdicts.consistent.verdict).toBe("PASS");
  });

  test("fails what the trust policy does not vouch for", async () => {
    const stage = new HandWrittenSession();
    stage.decide("block");
    const stranger = new HandWrittenSession(1);
    const { verdicts } = await stage.verify({ policy: stranger.log.trustPolicy() });
    expect([verdicts.consistent.verdict, verdicts.complete.verdict, verdicts.existed_at.verdict]).toEqual([
      "PASS",
      "FAIL",
      "FAIL",
    ]);
  });

  test("says up to where older heads cover a longer session", async () => {
    const stage = new HandWrittenSession();
    stage.decide("block");
    const older = stage.log.exportInput("t", "s");
    stage.decide("block");
    const newer = stage.log.exportInput("t", "s");
    const headsRecord = older.context.find(({ header }) => header.includes('"kind":"heads"'));
    const context = headsRecord === undefined ? newer.context : [...newer.context, headsRecord];
    const parsed = parseBundle(nodeCrypto, utf8Encode(buildBundle(nodeCrypto, older)));
    expect(parsed.heads).toEqual(older.heads);
    const report = await verifyBundle(utf8Encode(buildBundle(nodeCrypto, { ...newer, context, heads: older.heads })), {
      crypto: nodeCrypto,
    });
    expect(report.verdicts.complete.verdict).toBe("FAIL");
    expect(report.verdicts.consistent.reasons.join()).toContain("no proof of inclusion");
  });

  test("counts what is disclosed, redacted and withheld", async () => {
    const stage = new HandWrittenSession();
    const entries = [stage.decide("block"), stage.decide("block"), stage.decide("block")];
    for (const entry of entries.slice(1)) entry.body = {};
    const erased = entries[1]?.leaf ?? "";
    stage.log.append({
      ...SYSTEM,
      kind: "redaction",
      p: { target: erased, fields: "target,tool", basis: "b", authority_ref: "x" },
    });
    expect((await stage.verify()).disclosure).toEqual({ disclosed: 1, redacted: 1, withheld: 1, mismatched: 0 });
  });

  test("is not fooled by fields that objects inherit", async () => {
    const session = new HandWrittenSession();
    const decision = session.decide("block");
    session.add("tool.pin", { disclosures: { constructor: "a", valueOf: "b" } }).body = {};
    expect((await session.verify()).disclosure).toEqual({ disclosed: 1, redacted: 0, withheld: 2, mismatched: 0 });
    decision.body = { ...decision.body, toString: ["AAAAAAAAAAAAAAAAAAAAAA", "made up"] as const };
    expect(await session.verify()).toMatchObject({
      verdicts: { consistent: { verdict: "FAIL" } },
      disclosure: { mismatched: 1 },
    });
  });

  test("reads nothing beyond its limits", async () => {
    const stage = new HandWrittenSession();
    stage.decide("block");
    const bytes = utf8Encode(stage.log.exportBundle("t", "s"));
    const roomy = { bytesMax: 1 << 20, lineBytesMax: 1 << 20, linesMax: 1000 };
    for (const limits of [
      { ...roomy, bytesMax: 100 },
      { ...roomy, lineBytesMax: 100 },
      { ...roomy, linesMax: 3 },
    ]) {
      const { verdicts, bundle } = await verifyBundle(bytes, { crypto: nodeCrypto, limits });
      expect([verdicts.consistent.verdict, bundle]).toEqual(["FAIL", undefined]);
    }
  });

  test("keeps its report short whatever the bundle holds", async () => {
    const stage = new HandWrittenSession();
    for (let i = 0; i < 100; i++) stage.outcome(stage.decide("block"), "executed");
    expect((await stage.verify()).verdicts.paired.reasons.length).toBe(21);
  });
});

import { describe, expect, test } from "bun:test";
import { formatCheckpoint } from "./checkpoint.ts";
import { createEd25519Signer, nodeCrypto } from "./node-crypto.ts";
import {
  cosign,
  createNoteSigner,
  formatVerifierKey,
  NOTE_COSIGNATURE_V1,
  noteKeyId,
  parseNote,
  type SignedNote,
  signNote,
} from "./signed-note.ts";
import { checkTrust, parseTrustPolicy } from "./trust-policy.ts";

const ORIGIN = "log.example/a";
const TEXT = formatCheckpoint({ origin: ORIGIN, size: 3, root: new Uint8Array(32) });
const signers = [1, 2, 3, 4, 5].map((byte) => createEd25519Signer(new Uint8Array(32).fill(byte)));
const keyOf = (i: number): Uint8Array => signers[i]?.publicKey ?? new Uint8Array();
const LOG = formatVerifierKey(
  createNoteSigner(nodeCrypto, ORIGIN, signers[0] ?? createEd25519Signer(new Uint8Array(32))).key,
);
const W = [1, 2, 3].map((i) => {
  const keyId = noteKeyId(nodeCrypto, `w${i}`, NOTE_COSIGNATURE_V1, keyOf(i));
  return formatVerifierKey({ name: `w${i}`, keyId, type: NOTE_COSIGNATURE_V1, publicKey: keyOf(i) });
});

/** The log's note, cosigned by these witnesses at these times. */
function noteBy(...cosigners: readonly (readonly [witness: number, time: number])[]): SignedNote {
  const [log] = signers;
  if (log === undefined) throw new Error("no signer");
  const note = parseNote(signNote(TEXT, [createNoteSigner(nodeCrypto, ORIGIN, log)]));
  const cosigned = cosigners.map(([i, time]) => cosign(nodeCrypto, `w${i}`, signers[i] ?? log, TEXT, time));
  return { ...note, signatures: [...note.signatures, ...cosigned] };
}

const parse = (...lines: readonly string[]): ReturnType<typeof parseTrustPolicy> =>
  parseTrustPolicy(nodeCrypto, `${lines.join("\n")}\n`);
const GROUPED = [
  `log ${LOG} https://log.example`,
  "",
  "  # three of us",
  `witness A ${W[0]}`,
  `witness\tB\t${W[1]} https://b.example`,
  `witness C ${W[2]}`,
  "group ab any A B",
  "group all-of-them all ab C",
  "quorum all-of-them",
];

describe("trust policy", () => {
  test("asks for the log's key alone with `quorum none`", async () => {
    const policy = parse(`log ${LOG}`, "quorum none");
    const finding = await checkTrust(nodeCrypto, policy, noteBy(), ORIGIN);
    expect(finding).toMatchObject({ kind: "trusted", seenBySeconds: undefined, witnesses: [] });
    expect(await checkTrust(nodeCrypto, policy, noteBy(), "log.example/b")).toMatchObject({
      kind: "untrusted",
      witnesses: "not-reached",
    });
  });

  test("finds the time by which a nested quorum was complete", async () => {
    const policy = parse(...GROUPED);
    expect(await checkTrust(nodeCrypto, policy, noteBy([1, 500], [2, 100], [3, 300]), ORIGIN)).toMatchObject({
      kind: "trusted",
      seenBySeconds: 300,
    });
    expect(await checkTrust(nodeCrypto, policy, noteBy([1, 500], [3, 300]), ORIGIN)).toMatchObject({
      kind: "trusted",
      seenBySeconds: 500,
    });
    expect(await checkTrust(nodeCrypto, policy, noteBy([1, 500], [2, 100]), ORIGIN)).toMatchObject({
      kind: "untrusted",
      witnesses: "short",
    });
  });

  test("counts a threshold", async () => {
    const policy = parse(
      `log ${LOG}`,
      `witness A ${W[0]}`,
      `witness B ${W[1]}`,
      `witness C ${W[2]}`,
      "group two 2 A B C",
      "quorum two",
    );
    expect(await checkTrust(nodeCrypto, policy, noteBy([3, 30], [1, 10]), ORIGIN)).toMatchObject({
      kind: "trusted",
      seenBySeconds: 30,
    });
    expect(await checkTrust(nodeCrypto, policy, noteBy([3, 30]), ORIGIN)).toMatchObject({ kind: "untrusted" });
  });

  test("reports a bad cosignature instead of throwing", async () => {
    const policy = parse(...GROUPED);
    const note = noteBy([1, 1], [3, 3]);
    const broken = {
      ...note,
      signatures: note.signatures.map((s) =>
        s.name === "w1" ? { ...s, signature: s.signature.with(20, 0).with(21, 0) } : s,
      ),
    };
    expect(await checkTrust(nodeCrypto, policy, broken, ORIGIN)).toMatchObject({ kind: "untrusted" });
  });

  test.each([
    ["no quorum", [`log ${LOG}`]],
    ["two quorums", [`log ${LOG}`, "quorum none", "quorum none"]],
    ["an unknown word", ["logs x", "quorum none"]],
    ["an undefined quorum", ["quorum A"]],
    ["a member defined below", ["group g all A", `witness A ${W[0]}`, "quorum g"]],
    ["a member twice", [`witness A ${W[0]}`, "group g all A A", "quorum g"]],
    ["a member of two groups", [`witness A ${W[0]}`, "group g all A", "group h all A", "quorum g"]],
    ["an empty group", ["group g all", "quorum g"]],
    ["a threshold too high", [`witness A ${W[0]}`, "group g 2 A", "quorum g"]],
    ["a threshold of nothing", [`witness A ${W[0]}`, "group g 0 A", "quorum g"]],
    ["a name that is taken", [`witness A ${W[0]}`, `witness A ${W[1]}`, "quorum A"]],
    ["the name none", [`witness none ${W[0]}`, "quorum none"]],
    ["one key as two witnesses", [`witness A ${W[0]}`, `witness B ${W[0]}`, "quorum A"]],
    ["one log twice", [`log ${LOG}`, `log ${LOG}`, "quorum none"]],
    ["a witness key as log", [`log ${W[0]}`, "quorum none"]],
    ["a log key as witness", [`witness A ${LOG}`, "quorum A"]],
    ["a control character", [`log ${LOG}`, "quorum none\r"]],
    ["too many lines", Array.from({ length: 2000 }, () => "# x")],
  ])("refuses %s", (_name, lines) => {
    expect(() => parse(...lines)).toThrow("trust policy");
  });
});

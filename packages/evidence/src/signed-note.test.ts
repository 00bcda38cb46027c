import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { toBase64, toHex } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { createEd25519Signer, nodeCrypto } from "./node-crypto.ts";
import {
  cosign,
  createNoteSigner,
  formatNote,
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  signNote,
  verifyNote,
} from "./signed-note.ts";
import { formatTlogProof, parseTlogProof } from "./tlog-proof.ts";

// The note package's example, which C2SP signed-note took over.
const VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
// The example of C2SP signed-note, whose text holds an empty line.
const POEM =
  "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n" +
  "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

const signer = createEd25519Signer(new Uint8Array(32).fill(1));
const log = createNoteSigner(nodeCrypto, "log.example/a", signer);
const TEXT = formatCheckpoint({ origin: "log.example/a", size: 7, root: new Uint8Array(32).fill(9) });

describe("signed notes", () => {
  test("verify the public example, and print it again byte for byte", async () => {
    const key = parseVerifierKey(nodeCrypto, VKEY);
    const note = parseNote(NOTE);
    expect(await verifyNote(nodeCrypto, note, [key])).toEqual([{ key, timeSeconds: undefined }]);
    expect(formatNote(note)).toBe(NOTE);
    expect(formatVerifierKey(key)).toBe(VKEY);
  });

  test("split at the last empty line", () => {
    const note = parseNote(POEM);
    expect(note.text.endsWith("ed è subito sera.\n")).toBe(true);
    expect(note.signatures.map(({ name, keyId }) => [name, toHex(keyId)])).toEqual([
      ["quasimodo.example/salvatore", "367ba04b"],
    ]);
    expect(formatNote(note)).toBe(POEM);
  });

  test("ignore unknown keys, but a known key that fails spoils the note", async () => {
    const stranger = createNoteSigner(nodeCrypto, "log.example/a", createEd25519Signer(new Uint8Array(32).fill(2)));
    const note = parseNote(signNote(TEXT, [stranger, log]));
    expect((await verifyNote(nodeCrypto, note, [log.key])).length).toBe(1);
    expect(await verifyNote(nodeCrypto, note, [])).toEqual([]);
    const [bad, good] = note.signatures;
    const forged = {
      ...note,
      signatures: [good, bad].flatMap((s) => (s === undefined ? [] : [{ ...s, keyId: log.key.keyId }])),
    };
    await expect(verifyNote(nodeCrypto, forged, [log.key])).rejects.toThrow("not valid");
    const doubled = { ...note, signatures: [...note.signatures, ...note.signatures] };
    await expect(verifyNote(nodeCrypto, doubled, [log.key])).rejects.toThrow("not valid");
  });

  test("carry witness cosignatures with their time", async () => {
    const witness = createEd25519Signer(new Uint8Array(32).fill(3));
    const cosigned = cosign(nodeCrypto, "w.example", witness, TEXT, 1_795_000_000);
    const key = { name: "w.example", keyId: cosigned.keyId, type: 4, publicKey: witness.publicKey };
    const note = parseNote(formatNote({ text: TEXT, signatures: [cosigned] }));
    expect(await verifyNote(nodeCrypto, note, [key])).toEqual([{ key, timeSeconds: 1_795_000_000 }]);
    const later = { ...cosigned, signature: cosigned.signature.with(7, 0) };
    await expect(verifyNote(nodeCrypto, { text: TEXT, signatures: [later] }, [key])).rejects.toThrow();
    await expect(
      verifyNote(nodeCrypto, { text: TEXT, signatures: [{ ...cosigned, signature: new Uint8Array(64) }] }, [key]),
    ).rejects.toThrow();
  });

  const signature = NOTE.slice(NOTE.indexOf("— "));
  test.each([
    "",
    "text\n",
    "text\n\n",
    `text${signature}`,
    `te\txt\n\n${signature}`,
    `text\r\n\n${signature}`,
    `text\n\n${signature}\n`,
    `text\n\n${signature.slice(0, -1)}`,
    `text\n\n- ${signature.slice(2)}`,
    `text\n\n${signature.replace(" x08", "  x08")}`,
    "text\n\n— name AAAA\n",
    "text\n\n— na+me AAAAAAAA\n",
    "text\n\n— name AAAAAAA=\n\u0000",
    `text\n\n${signature.repeat(65)}`,
    `${"x".repeat(70_000)}\n\n${signature}`,
  ])("refuse %j", (note) => {
    expect(() => parseNote(note)).toThrow(EvidenceError);
  });

  test.each([
    "",
    "name",
    VKEY.replace("c74f20a3", "c74f20a4"),
    VKEY.replace("+c74f", "+C74F"),
    VKEY.slice(0, -4),
    `${VKEY} `,
    "a b+00000000+AQ==",
    "n+00000000+AQ==",
  ])("keys refuse %j", (text) => {
    expect(() => parseVerifierKey(nodeCrypto, text)).toThrow(EvidenceError);
  });
});

describe("checkpoints and proofs", () => {
  test("print and read back", () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const word = fc.string({ unit: fc.constantFrom(..."abc/.é".split("")), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        word,
        fc.maxSafeNat(),
        hash,
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.array(hash, { maxLength: 63 }),
        (origin, size, root, extensions, proof) => {
          const text = formatCheckpoint({ origin, size, root, extensions });
          expect(parseCheckpoint(text)).toEqual({ origin, size, root, extensions });
          const file = { index: size, proof, checkpoint: signNote(text, [log]) };
          expect(parseTlogProof(formatTlogProof(file))).toEqual(file);
          expect(parseTlogProof(formatTlogProof({ ...file, extra: root }))).toEqual({ ...file, extra: root });
        },
      ),
      { numRuns: 100 },
    );
  });

  const root = toBase64(new Uint8Array(32));
  test.each([
    "",
    "o\n1\n",
    `o\n01\n${root}\n`,
    `o\n-1\n${root}\n`,
    `o\n1e3\n${root}\n`,
    `o\n9007199254740992\n${root}\n`,
    `\n1\n${root}\n`,
    `o\n1\n${root}`,
    `o\n1\n${root}\n\n`,
    "o\n1\nAAAA\n",
    `o\n1\n${root}x\n`,
  ])("checkpoints refuse %j", (text) => {
    expect(() => parseCheckpoint(text)).toThrow(EvidenceError);
  });

  const head = "c2sp.org/tlog-proof@v1\n";
  test.each([
    "",
    head,
    `${head}index 1\n`,
    `c2sp.org/tlog-proof@v2\nindex 1\n\nx`,
    `${head}index 01\n\nx`,
    `${head}extra A\nindex 1\n\nx`,
    `${head}index 1\nAAAA\n\nx`,
    `${head}index 1\n${`${root}\n`.repeat(64)}\nx`,
  ])("proofs refuse %j", (text) => {
    expect(() => parseTlogProof(text)).toThrow(EvidenceError);
  });
});

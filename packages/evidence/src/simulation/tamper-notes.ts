/** Tampering with the checkpoint: forged, moved, stripped and corrupted signatures. */
import { formatCheckpoint, parseCheckpoint } from "../checkpoint.ts";
import { createEd25519Signer, nodeCrypto } from "../node-crypto.ts";
import { createNoteSigner, formatNote, parseNote, signNote } from "../signed-note.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Line } from "./tamper-lines.ts";

function editNote(lines: Line[], edit: (note: string) => string): Line[] {
  return lines.map((line) => (typeof line.note === "string" ? { ...line, note: edit(line.note) } : line));
}

/** Same name, same text, another key. */
export function forgeCheckpoint(lines: Line[], random: SeededRandom): Line[] {
  const forger = createEd25519Signer(random.bytes(32));
  return editNote(lines, (note) => {
    const { text } = parseNote(note);
    return signNote(text, [createNoteSigner(nodeCrypto, parseCheckpoint(text).origin, forger)]);
  });
}

export function moveCheckpoint(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    return formatNote({
      text: formatCheckpoint({ ...checkpoint, size: checkpoint.size + 1 + random.below(9) }),
      signatures,
    });
  });
}

export function stripSignature(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    return formatNote({ text, signatures: signatures.toSpliced(random.below(signatures.length), 1) });
  });
}

/** The right name and key id over a signature that is not one. */
export function corruptSignature(lines: Line[], random: SeededRandom): Line[] {
  return editNote(lines, (note) => {
    const { text, signatures } = parseNote(note);
    const at = random.below(signatures.length);
    // The last bytes: a cosignature begins with its time.
    return formatNote({
      text,
      signatures: signatures.map((one, i) => (i === at ? { ...one, signature: corrupt(one.signature) } : one)),
    });
  });
}

function corrupt(signature: Uint8Array): Uint8Array {
  return signature.with(signature.length - 9, (signature[signature.length - 9] ?? 0) ^ 1);
}

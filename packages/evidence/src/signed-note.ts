/**
 * C2SP signed-note: a text and the signatures of named keys over exactly its bytes. Format:
 * the text (ending in a newline), an empty line, then `— <name> <base64(key id ‖ signature)>` lines.
 * Unknown keys are ignored; a known key whose signature fails makes the whole note bad (the specification's rule).
 */
import { hasC0Control, hasControl } from "./control-characters.ts";
import type { CryptoPort, Ed25519Signer, HashPort } from "./crypto-port.ts";
import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";

/** Signature types of signed-note that are verified here. */
export const NOTE_ED25519 = 0x01;
export const NOTE_COSIGNATURE_V1 = 0x04;

/** More than any quorum needs (the specification asks for at least 16), few enough to bound work. */
export const NOTE_SIGNATURES_MAX = 64;
/** A checkpoint is a few hundred bytes; anything larger is not one. */
export const NOTE_BYTES_MAX = 64 * 1024;

/** A public key as policies write it: `<name>+<hex key id>+<base64(type ‖ key)>`. */
export interface VerifierKey {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  /** What follows the key id. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** The signed text, its last newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key that signs notes. */
export interface NoteSigner {
  readonly key: VerifierKey;
  sign(text: string): Uint8Array;
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key), first four bytes. */
export function noteKeyId(hash: HashPort, name: string, type: number, publicKey: Uint8Array): Uint8Array {
  return hash.sha256(concatBytes(utf8Encode(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4);
}

/** @throws EvidenceError `malformed` unless non-empty and without spaces, `+` and control characters. */
export function assertKeyName(name: string): void {
  if (name === "" || /[\s+]/.test(name) || hasControl(name) || !name.isWellFormed()) {
    throw new EvidenceError("malformed", "a key name is not empty and has no spaces and no `+`");
  }
}

export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${toHex(key.keyId)}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;
}

/** @throws EvidenceError `malformed` for a text that is no key of a type verified here, or whose id is wrong. */
export function parseVerifierKey(hash: HashPort, text: string): VerifierKey {
  const [, name = "", id = "", encoded = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? [];
  assertKeyName(name);
  const bytes = fromBase64(encoded);
  const type = bytes[0];
  const publicKey = bytes.slice(1);
  if ((type !== NOTE_ED25519 && type !== NOTE_COSIGNATURE_V1) || publicKey.length !== 32) {
    throw new EvidenceError("malformed", "key type is not supported, use an Ed25519 key");
  }
  const keyId = noteKeyId(hash, name, type, publicKey);
  if (toHex(keyId) !== id) throw new EvidenceError("malformed", "key id does not belong to this name and key");
  return { name, keyId, type, publicKey };
}

export function createNoteSigner(hash: HashPort, name: string, signer: Ed25519Signer): NoteSigner {
  assertKeyName(name);
  const keyId = noteKeyId(hash, name, NOTE_ED25519, signer.publicKey);
  const key: VerifierKey = { name, keyId, type: NOTE_ED25519, publicKey: signer.publicKey };
  return { key, sign: (text) => signer.sign(utf8Encode(text)) };
}

/**
 * The text with the signatures of all signers.
 * @throws EvidenceError `malformed` when the text cannot be a note's text.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return formatNote({
    text,
    signatures: signers.map((signer) => ({
      name: signer.key.name,
      keyId: signer.key.keyId,
      signature: signer.sign(text),
    })),
  });
}

export function formatNote(note: SignedNote): string {
  assertNoteText(note.text);
  const lines = note.signatures.map((s) => `— ${s.name} ${toBase64(concatBytes(s.keyId, s.signature))}\n`);
  return `${note.text}\n${lines.join("")}`;
}

function assertNoteText(text: string): void {
  if (!text.endsWith("\n") || hasC0Control(text, "\n") || !text.isWellFormed()) {
    throw new EvidenceError("malformed", "a note's text ends in a newline and has no other control characters");
  }
}

/**
 * Splits a note; the signatures are read, not verified.
 * @throws EvidenceError `malformed` or `limit-exceeded`.
 */
export function parseNote(note: string): SignedNote {
  if (note.length > NOTE_BYTES_MAX) throw new EvidenceError("limit-exceeded", "note is too long");
  // The *last* empty line separates: a text may hold empty lines of its own.
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw new EvidenceError("malformed", "note has no signatures");
  const text = note.slice(0, split + 1);
  assertNoteText(text);
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) throw new EvidenceError("limit-exceeded", "note has too many signatures");
  return { text, signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name = "", encoded = ""] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  assertKeyName(name);
  const bytes = fromBase64(encoded);
  if (bytes.length < 5) throw new EvidenceError("malformed", "note signature is too short");
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** A signature that was found valid. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** Unix seconds that a cosigner asserts; undefined for a plain signature. */
  readonly timeSeconds: number | undefined;
}

/**
 * The valid signatures by the given keys; one per key.
 * @throws EvidenceError `bad-signature` when a known key's signature fails or appears twice.
 */
export async function verifyNote(
  crypto: CryptoPort,
  note: SignedNote,
  keys: readonly VerifierKey[],
): Promise<readonly VerifiedSignature[]> {
  const verified: VerifiedSignature[] = [];
  for (const signature of note.signatures) {
    const key = keys.find((known) => known.name === signature.name && equalBytes(known.keyId, signature.keyId));
    if (key === undefined) continue;
    const found = await verifySignature(crypto, note.text, key, signature.signature);
    if (found === undefined || verified.some((other) => other.key === key)) {
      throw new EvidenceError("bad-signature", `the signature of \`${key.name}\` is not valid`);
    }
    verified.push(found);
  }
  return verified;
}

async function verifySignature(
  crypto: CryptoPort,
  text: string,
  key: VerifierKey,
  signature: Uint8Array,
): Promise<VerifiedSignature | undefined> {
  if (key.type === NOTE_ED25519) {
    const valid = await crypto.verifyEd25519(key.publicKey, utf8Encode(text), signature);
    return valid ? { key, timeSeconds: undefined } : undefined;
  }
  if (signature.length !== 72) return undefined;
  const timeSeconds = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(timeSeconds)) return undefined;
  const message = cosignatureMessage(text, timeSeconds);
  const valid = await crypto.verifyEd25519(key.publicKey, message, signature.subarray(8));
  return valid ? { key, timeSeconds } : undefined;
}

/** C2SP tlog-cosignature, Ed25519 v1: what a witness signs. */
function cosignatureMessage(text: string, timeSeconds: number): Uint8Array {
  return utf8Encode(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

/** A witness's timestamped signature of a checkpoint text. */
export function cosign(
  hash: HashPort,
  name: string,
  signer: Ed25519Signer,
  text: string,
  timeSeconds: number,
): NoteSignature {
  assertKeyName(name);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timeSeconds));
  const keyId = noteKeyId(hash, name, NOTE_COSIGNATURE_V1, signer.publicKey);
  return { name, keyId, signature: concatBytes(time, signer.sign(cosignatureMessage(text, timeSeconds))) };
}

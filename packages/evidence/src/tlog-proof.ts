/**
 * C2SP tlog-proof@v1: an inclusion proof together with the checkpoint it leads to, as one text file.
 * `extra` is not authenticated by anything.
 */
import { fromBase64, toBase64 } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { HASH_BYTES } from "./merkle.ts";
import { PROOF_HASHES_MAX } from "./merkle-proof.ts";
import { NOTE_BYTES_MAX } from "./signed-note.ts";

const MAGIC = "c2sp.org/tlog-proof@v1";

export interface TlogProof {
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The checkpoint as a signed note. */
  readonly checkpoint: string;
  readonly extra?: Uint8Array;
}

export function formatTlogProof(proof: TlogProof): string {
  const extra = proof.extra === undefined ? "" : `extra ${toBase64(proof.extra)}\n`;
  const path = proof.proof.map((node) => `${toBase64(node)}\n`).join("");
  return `${MAGIC}\n${extra}index ${proof.index}\n${path}\n${proof.checkpoint}`;
}

/** @throws EvidenceError `malformed` or `limit-exceeded`. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > 2 * NOTE_BYTES_MAX) throw new EvidenceError("limit-exceeded", "proof is too long");
  // The first empty line ends the proof: none of its own lines is empty.
  const split = text.indexOf("\n\n");
  if (split < 0) throw new EvidenceError("malformed", "proof has no checkpoint");
  const lines = text.slice(0, split).split("\n");
  if (lines.shift() !== MAGIC) throw new EvidenceError("malformed", "not a tlog-proof file");
  const extra = lines[0]?.startsWith("extra ") ? fromBase64((lines.shift() ?? "").slice("extra ".length)) : undefined;
  const index = parseIndexLine(lines.shift() ?? "");
  if (lines.length > PROOF_HASHES_MAX) throw new EvidenceError("limit-exceeded", "proof has too many hashes");
  const base = { index, proof: lines.map(parseHashLine), checkpoint: text.slice(split + 2) };
  return extra === undefined ? base : { ...base, extra };
}

function parseIndexLine(line: string): number {
  const digits = /^index (0|[1-9][0-9]{0,15})$/.exec(line)?.[1];
  const index = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(index)) throw new EvidenceError("malformed", "proof has no index");
  return index;
}

function parseHashLine(line: string): Uint8Array {
  const node = fromBase64(line);
  if (node.length !== HASH_BYTES) throw new EvidenceError("malformed", "a proof hash is 32 bytes");
  return node;
}

/**
 * C2SP tlog-checkpoint: `<origin>\n<size>\n<base64 root>\n` plus opaque extension lines; the text of a signed note.
 */
import { fromBase64, toBase64 } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { HASH_BYTES } from "./merkle.ts";

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly extensions?: readonly string[];
}

/** The note text of a checkpoint. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const lines = [
    checkpoint.origin,
    String(checkpoint.size),
    toBase64(checkpoint.root),
    ...(checkpoint.extensions ?? []),
  ];
  const text = `${lines.join("\n")}\n`;
  parseCheckpoint(text);
  return text;
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** @throws EvidenceError `malformed` unless exactly one checkpoint text. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n")) throw new EvidenceError("malformed", "checkpoint does not end in a newline");
  const [origin = "", sizeText = "", rootText = "", ...extensions] = text.slice(0, -1).split("\n");
  const size = Number(sizeText);
  if (origin === "" || extensions.includes("")) throw new EvidenceError("malformed", "checkpoint has an empty line");
  if (!DECIMAL.test(sizeText) || !Number.isSafeInteger(size))
    throw new EvidenceError("malformed", "checkpoint size is not a whole number");
  const root = fromBase64(rootText);
  if (root.length !== HASH_BYTES) throw new EvidenceError("malformed", "checkpoint root is not 32 bytes");
  return extensions.length === 0 ? { origin, size, root } : { origin, size, root, extensions };
}

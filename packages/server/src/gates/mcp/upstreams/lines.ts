/**
 * Bytes to lines. UTF-8 is decoded per whole line, so a character split over two chunks arrives whole;
 * bytes that are not UTF-8 make the line malformed. An oversized line is skipped to its end, not buffered.
 */

export type Line =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "malformed" }
  /** `head` and `tail`: its first and last bytes, to guess whom it was meant for. */
  | { readonly kind: "oversized"; readonly head: string; readonly tail: string };

const LINE_FEED = 0x0a;
/** Enough of an oversized message to find its id at either end. */
const EDGE_BYTES = 256;

export class LineReader {
  readonly #bytesMax: number;
  readonly #onLine: (line: Line) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** First bytes of a line that is being skipped. */
  #skippedHead: Uint8Array | undefined;
  #skippedTail: Uint8Array = new Uint8Array(0);

  constructor(bytesMax: number, onLine: (line: Line) => void) {
    this.#bytesMax = bytesMax;
    this.#onLine = onLine;
  }

  feed(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      if (end < 0) break;
      this.#append(chunk.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    this.#append(chunk.subarray(from));
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#skippedHead !== undefined) {
      this.#skippedTail = lastBytes([this.#skippedTail, part]);
      return;
    }
    this.#chunks.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#bytesMax) return;
    const line = Buffer.concat(this.#chunks);
    this.#skippedHead = line.subarray(0, EDGE_BYTES);
    this.#skippedTail = lastBytes([line]);
    this.#chunks = [];
    this.#bytes = 0;
  }

  #finish(): void {
    if (this.#skippedHead !== undefined) {
      const [head, tail] = [latin(this.#skippedHead), latin(this.#skippedTail)];
      this.#skippedHead = undefined;
      this.#onLine({ kind: "oversized", head, tail });
      return;
    }
    const bytes =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    const line = this.#decode(bytes);
    if (line.kind !== "text" || line.text.trim() !== "") this.#onLine(line);
  }

  #decode(bytes: Uint8Array): Line {
    try {
      return { kind: "text", text: this.#decoder.decode(bytes) };
    } catch {
      return { kind: "malformed" };
    }
  }
}

function lastBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = Buffer.concat(parts);
  return Uint8Array.from(all.subarray(Math.max(0, all.length - EDGE_BYTES)));
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

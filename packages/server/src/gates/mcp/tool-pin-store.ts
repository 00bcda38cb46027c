/**
 * Where the remembered tool definitions live, one row for each tool of each upstream.
 * Durable when a call returns; single writer. Trusted: whoever can write here can make a changed tool look accepted.
 */

export interface ToolPinRow {
  readonly upstream: string;
  readonly tool: string;
  /** SHA-256, 64 hex, of the definition that calls are trusted with. */
  readonly acceptedHash: string;
  /** Canonical JSON of that definition. */
  readonly acceptedJson: string;
  /** The definition seen last; equal to the accepted one unless the tool changed. */
  readonly seenHash: string;
  readonly seenJson: string;
  /** Findings about the definition seen last, as canonical JSON of `Finding[]`. */
  readonly findingsJson: string;
  readonly firstSeenAtMs: number;
  /** When the definition seen last was first seen. */
  readonly changedAtMs: number;
  /** Set when a person accepted: trust on first use leaves it out. */
  readonly acceptedAtMs?: number;
  readonly acceptedBy?: string;
}

export interface ToolPinStore {
  get(upstream: string, tool: string): ToolPinRow | undefined;
  /** Inserts or replaces the row of (upstream, tool). */
  put(row: ToolPinRow): void;
  /** Ordered by upstream, then tool; rows strictly after the cursor. */
  list(query: {
    readonly after?: { readonly upstream: string; readonly tool: string };
    readonly limit: number;
  }): readonly ToolPinRow[];
  count(): number;
}

/**
 * Where break-glass grants are kept, past and present.
 * Durable when a call returns; single writer. Trusted: whoever can write here can let failing engines be skipped.
 */

export interface BreakGlassRow {
  readonly id: string;
  readonly tenant: string;
  /** Principal that granted it. */
  readonly grantedBy: string;
  readonly reason: string;
  readonly grantedAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs?: number;
  readonly revokedBy?: string;
  /** Leaf of its `break-glass` record. */
  readonly leaf: string;
}

export interface BreakGlassStore {
  insert(row: BreakGlassRow): void;
  get(id: string): BreakGlassRow | undefined;
  /** Ends a grant that was not revoked before; undefined when there is none. */
  revoke(id: string, atMs: number, by: string): BreakGlassRow | undefined;
  /** Neither revoked nor expired. */
  active(nowMs: number): readonly BreakGlassRow[];
  /** Newest first; rows strictly older than the cursor. */
  list(query: {
    readonly before?: { readonly grantedAtMs: number; readonly id: string };
    readonly limit: number;
  }): readonly BreakGlassRow[];
}

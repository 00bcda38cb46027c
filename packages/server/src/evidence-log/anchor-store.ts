/**
 * What the log had signed last, remembered outside its own folder, so that setting the folder back to an older copy
 * (or deleting it) is noticed at the next start. Durable when `save` returns; only ever grows for one origin.
 * Trusted: whoever can set back this store *and* the log together is only caught by checkpoints held elsewhere.
 */

export interface Anchor {
  readonly origin: string;
  /** Records that the signed checkpoint covers. */
  readonly size: number;
  /** 64 hex. */
  readonly root: string;
}

export interface AnchorStore {
  last(origin: string): Anchor | undefined;
  save(anchor: Anchor): void;
}

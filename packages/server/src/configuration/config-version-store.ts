/**
 * Where applied configurations are kept, newest and older, so that any can be shown and applied again.
 * Durable when a call returns; single writer. Trusted: whoever can write here can choose what a rollback applies
 * (texts are stored with `${VAR}` unexpanded, but a key written literally in a file is stored literally).
 */

export type ConfigVersionSource = "initial" | "reload" | "rollback";

export interface ConfigVersionRow {
  /** From 1, strictly increasing, never used twice. */
  readonly version: number;
  /** `sha256:<64 hex>` of the policy alone; approvals bind to it. */
  readonly policyHash: string;
  /** `sha256:<64 hex>` of policy and configuration, secrets by digest. */
  readonly configHash: string;
  readonly source: ConfigVersionSource;
  readonly appliedAtMs: number;
  /** Where the text came from; absent for the built-in configuration. */
  readonly file?: string;
  /** `sha256:<64 hex>` of what the file held when this version was applied; differs from the text after a rollback. */
  readonly fileDigest: string;
  /** YAML as written. */
  readonly text: string;
  /** The packs it names as they were then: JSON of `LoadedPack[]`. */
  readonly packsJson: string;
  /** Canonical JSON of the policy: `{default_decision, rules}`. */
  readonly policyJson: string;
  /** Leaf of its `policy.load` record. */
  readonly leaf: string;
  /** Principal that rolled back, its words, and to which version. */
  readonly by?: string;
  readonly reason?: string;
  readonly rolledBackTo?: number;
}

export interface ConfigVersionStore {
  /** The next version number. Durable before it returns: a number handed out is never handed out again. */
  reserve(): number;
  /** Stores a version and forgets the oldest so that at most `keepMax` stay. */
  insert(row: ConfigVersionRow, keepMax: number): void;
  get(version: number): ConfigVersionRow | undefined;
  latest(): ConfigVersionRow | undefined;
  /** Newest first, versions strictly below `before`. */
  list(query: { readonly before?: number; readonly limit: number }): readonly ConfigVersionRow[];
}

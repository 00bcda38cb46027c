/** What a configuration in force is, what it needs from the rest of the server, and what it answers. */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import type { EffectivePolicy } from "@aegisflow/core/config/effective-policy";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { Clock, EvidencePort } from "../governance/ports.ts";
import type { CandidateSources } from "./candidate.ts";
import type { ConfigVersionRow, ConfigVersionSource, ConfigVersionStore } from "./config-version-store.ts";

/** A version in force. */
export interface AppliedConfiguration {
  readonly version: number;
  readonly policyHash: string;
  readonly configHash: string;
  readonly source: ConfigVersionSource;
  readonly appliedAtMs: number;
  /** Absent for the built-in configuration. */
  readonly file?: string;
  readonly config: AegisConfig;
  readonly policy: EffectivePolicy;
}

/** A compiled candidate: its hash is known, and putting it in force cannot fail. */
export interface PreparedConfiguration {
  readonly policyHash: string;
  apply(applied: AppliedConfiguration): void;
}

export interface ConfigurationLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface ConfigurationPorts {
  readonly store: ConfigVersionStore;
  readonly clock: Clock;
  readonly evidence: EvidencePort;
  readonly log: ConfigurationLog;
  readonly sources: CandidateSources;
  /** Compiles everything that depends on the configuration. @throws AegisError `config-invalid`: the last good one stays. */
  readonly prepare: (policy: EffectivePolicy, config: AegisConfig) => PreparedConfiguration;
}

export interface ConfigurationOptions {
  /** Absent: the built-in configuration. */
  readonly file?: string;
  /** Follow changes of the file. Default true. */
  readonly watch?: boolean;
  readonly pollMs?: number;
}

export interface ConfigurationStatus {
  readonly version: number;
  readonly policyHash: string;
  readonly configHash: string;
  readonly source: ConfigVersionSource;
  readonly appliedAtMs: number;
  readonly file?: string;
  /** Why the file as it is now is not in force. */
  readonly lastError?: string;
  readonly warnings: readonly string[];
}

export type ReloadResult =
  | { readonly kind: "applied"; readonly version: number }
  | { readonly kind: "unchanged" }
  /** The file is wrong; the last good version stays. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  /** The file may be right, but something it needs is not there (evidence, store); tried again. */
  | { readonly kind: "failed"; readonly message: string };

export interface Configuration {
  current(): AppliedConfiguration;
  status(): ConfigurationStatus;
  /** The configuration in force without its secrets, as plain data. */
  redacted(): unknown;
  /** Reads the file now (SIGHUP). */
  reload(): Promise<ReloadResult>;
  versions(query: { readonly before?: number; readonly limit: number }): readonly ConfigVersionRow[];
  version(number: number): ConfigVersionRow | undefined;
  /**
   * Applies an old version again, as a new one; it stays, also over a restart, until the file changes.
   * @throws AegisError `forbidden` not an admin; `not-found`; `conflict` it is in force; `config-invalid` it no longer loads.
   */
  rollback(number: number, principal: Principal, reason: string): Promise<AppliedConfiguration>;
  close(): Promise<void>;
}

/**
 * The configuration of a running server. Changes run one after the other, and each goes through `#apply`:
 * compile, number, record, store, switch. Whatever fails before the switch leaves the last good version in force.
 */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { formatProblem } from "@aegisflow/core/config/key-path";
import type { ConfigErrors, ParsedConfig } from "@aegisflow/core/config/parse-config";
import { redactConfig } from "@aegisflow/core/config/secrets";
import { AegisError, errorText, isAegisError } from "@aegisflow/core/errors";
import { hasRole, type Principal } from "@aegisflow/core/identity/principal";
import { type Candidate, hashConfiguration, loadCandidate, sha256, storedPacks } from "./candidate.ts";
import { invalidConfiguration, PROBLEMS_SHOWN_MAX, readConfigFile } from "./config-file.ts";
import type { ConfigVersionRow } from "./config-version-store.ts";
import type {
  AppliedConfiguration,
  Configuration,
  ConfigurationOptions,
  ConfigurationPorts,
  ConfigurationStatus,
  ReloadResult,
} from "./configuration-ports.ts";
import { EMBEDDED_DEFAULT, EMBEDDED_DEFAULT_NAME } from "./embedded-default.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { type Change, recordVersion, toVersionRow } from "./record-version.ts";
import { changedRestartKeys } from "./restart-keys.ts";
import { watchFile } from "./watch-file.ts";

/** Versions kept for showing and rolling back; older ones remain in evidence by their hash. */
export const VERSIONS_KEPT_MAX = 200;
/** Longest reason of a rollback, in characters. */
const REASON_CHARS_MAX = 500;

export class LiveConfiguration implements Configuration {
  readonly #options: ConfigurationOptions;
  readonly #ports: ConfigurationPorts;
  readonly #stop = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  readonly #inTurn = createOneAtATime();
  #current: AppliedConfiguration | undefined;
  #parsed: ParsedConfig | undefined;
  #started: AegisConfig | undefined;
  /** Digest of the file's text that was last dealt with, right or wrong. */
  #seenDigest = "";
  #lastError: string | undefined;

  constructor(options: ConfigurationOptions, ports: ConfigurationPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** A rollback of an earlier run stays in force as long as the file says what it said then. */
  async start(): Promise<void> {
    const text = this.#readText();
    const fileDigest = sha256(text);
    const latest = this.#ports.store.latest();
    const held = latest?.source === "rollback" && latest.fileDigest === fileDigest ? latest : undefined;
    const candidate = held === undefined ? this.#loadOrThrow(text) : this.#loadStored(held);
    const fresh = latest === undefined ? "initial" : "reload";
    const change = held === undefined ? ({ source: fresh } as const) : heldRollback(held);
    await this.#apply({ ...change, candidate, fileDigest }, latest);
    this.#seenDigest = fileDigest;
    this.#started = this.current().config;
    this.#watch();
  }

  current(): AppliedConfiguration {
    if (this.#current === undefined)
      throw new AegisError("internal", "the configuration was used before it was loaded");
    return this.#current;
  }

  status(): ConfigurationStatus {
    const { config: _config, policy: _policy, ...applied } = this.current();
    const error = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { ...applied, ...error, warnings: this.#warnings() };
  }

  redacted(): unknown {
    return redactConfig(this.current().config, this.#parsed?.unexpanded ?? {});
  }

  versions(query: { readonly before?: number; readonly limit: number }): readonly ConfigVersionRow[] {
    return this.#ports.store.list(query);
  }

  version(number: number): ConfigVersionRow | undefined {
    return this.#ports.store.get(number);
  }

  reload(): Promise<ReloadResult> {
    return this.#inTurn(async () => {
      try {
        return await this.#reload();
      } catch (error) {
        return isAegisError(error) && error.code === "config-invalid" ? this.#refuse(error) : this.#fail(error);
      }
    });
  }

  rollback(number: number, principal: Principal, reason: string): Promise<AppliedConfiguration> {
    return this.#inTurn(() => this.#rollback(number, principal, reason));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.#inTurn(async () => undefined);
  }

  async #reload(): Promise<ReloadResult> {
    const text = this.#readText();
    const fileDigest = sha256(text);
    if (fileDigest === this.#seenDigest) return { kind: "unchanged" };
    const candidate = this.#loadNew(text, fileDigest);
    const isNew = await this.#apply({ candidate, source: "reload", fileDigest });
    this.#seenDigest = fileDigest;
    return isNew ? { kind: "applied", version: this.current().version } : { kind: "unchanged" };
  }

  /** A file that is wrong is dealt with: it is not read again until it changes. */
  #loadNew(text: string, fileDigest: string): Candidate {
    try {
      return this.#loadOrThrow(text);
    } catch (error) {
      this.#seenDigest = fileDigest;
      throw error;
    }
  }

  async #rollback(number: number, principal: Principal, reason: string): Promise<AppliedConfiguration> {
    if (!hasRole(principal.role, "admin")) throw new AegisError("forbidden", "a rollback needs role admin");
    if (reason.length > REASON_CHARS_MAX) {
      throw new AegisError("too-large", `the reason is too long; the most is ${REASON_CHARS_MAX} characters`);
    }
    const row = this.#ports.store.get(number);
    if (row === undefined)
      throw new AegisError("not-found", `there is no version ${number}; list the versions that are kept`);
    if (number === this.current().version) throw new AegisError("conflict", `version ${number} is in force already`);
    await this.#apply({
      candidate: this.#loadStored(row),
      source: "rollback",
      fileDigest: this.#seenDigest,
      by: principal.id,
      reason,
      rolledBackTo: number,
      targetLeaf: row.leaf,
    });
    return this.current();
  }

  /**
   * False when nothing changes: the content is what is in force.
   * @param latest at a start, the newest version of earlier runs: the same content keeps its number, and is recorded again.
   */
  async #apply(change: Change, latest?: ConfigVersionRow): Promise<boolean> {
    const { store, evidence, prepare } = this.#ports;
    const { candidate } = change;
    const prepared = prepare(candidate.policy, candidate.parsed.config);
    const configHash = hashConfiguration(candidate, prepared.policyHash);
    const before = latest ?? this.#current;
    const isSame = before?.configHash === configHash && change.targetLeaf === undefined;
    if (isSame && latest === undefined) {
      this.#accept(candidate.parsed);
      return false;
    }
    const applied = this.#toApplied(
      change,
      { policyHash: prepared.policyHash, configHash },
      isSame ? latest : undefined,
    );
    const leaf = await recordVersion(evidence, applied, change);
    if (!isSame) store.insert(toVersionRow(applied, change, leaf), VERSIONS_KEPT_MAX);
    prepared.apply(applied);
    this.#current = applied;
    this.#accept(candidate.parsed);
    this.#announce(applied);
    return true;
  }

  #toApplied({ candidate, source }: Change, hashes: Hashes, same: ConfigVersionRow | undefined): AppliedConfiguration {
    const { store, clock } = this.#ports;
    const { file } = this.#options;
    return {
      version: same?.version ?? store.reserve(),
      ...hashes,
      source: same?.source ?? source,
      appliedAtMs: same?.appliedAtMs ?? clock.nowMs(),
      ...(file === undefined ? {} : { file }),
      config: candidate.parsed.config,
      policy: candidate.policy,
    };
  }

  #accept(parsed: ParsedConfig): void {
    this.#parsed = parsed;
    this.#lastError = undefined;
  }

  #announce({ version, policyHash, source, policy }: AppliedConfiguration): void {
    const { log } = this.#ports;
    log.info("configuration applied", { version, policy: policyHash, source, rules: policy.rules.length });
    for (const warning of this.#warnings()) log.warn(warning);
  }

  #refuse(error: AegisError): ReloadResult {
    const problems = error.message.split("\n");
    if (this.#lastError !== error.message) {
      const { version } = this.current();
      this.#ports.log.error("configuration refused, the last good one stays in force", { version, problems });
    }
    this.#lastError = error.message;
    return { kind: "refused", problems };
  }

  #fail(error: unknown): ReloadResult {
    const message = `the new configuration could not be applied and is tried again: ${errorText(error)}`;
    if (this.#lastError !== message) this.#ports.log.error(message);
    this.#lastError = message;
    return { kind: "failed", message };
  }

  #warnings(): string[] {
    const restart = this.#started === undefined ? [] : changedRestartKeys(this.#started, this.current().config);
    return [
      ...(this.#parsed?.warnings ?? []).slice(0, PROBLEMS_SHOWN_MAX).map(formatProblem),
      ...restart.map((key) => `\`${key}\` changed; restart to apply it`),
    ];
  }

  #loadOrThrow(text: string): Candidate {
    return orThrow(loadCandidate(text, this.#options.file ?? EMBEDDED_DEFAULT_NAME, this.#ports.sources));
  }

  #loadStored({ text, file, packsJson }: ConfigVersionRow): Candidate {
    const sources = { env: this.#ports.sources.env, packs: storedPacks(packsJson) };
    return orThrow(loadCandidate(text, file ?? EMBEDDED_DEFAULT_NAME, sources));
  }

  #readText(): string {
    return this.#options.file === undefined ? EMBEDDED_DEFAULT : readConfigFile(this.#options.file);
  }

  #watch(): void {
    const { file, watch = true, pollMs } = this.#options;
    if (file === undefined || !watch) return;
    const onChange = async (): Promise<boolean> => (await this.reload()).kind !== "failed";
    const pace = pollMs === undefined ? {} : { pollMs };
    this.#watching = watchFile(file, { clock: this.#ports.clock, signal: this.#stop.signal, onChange, ...pace });
  }
}

interface Hashes {
  readonly policyHash: string;
  readonly configHash: string;
}

function orThrow(loaded: Candidate | ConfigErrors): Candidate {
  if (loaded.kind === "errors") throw invalidConfiguration(loaded.errors.map(formatProblem));
  return loaded;
}

function heldRollback({ by, reason, rolledBackTo }: ConfigVersionRow): Omit<Change, "candidate" | "fileDigest"> {
  return {
    source: "rollback",
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
    ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
  };
}

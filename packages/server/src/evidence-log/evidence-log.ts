/**
 * The evidence log of one server: durable appends, signed checkpoints, bundles, erasure. Design and file layout:
 * docs/design/evidence-log.md. It is opened once per folder; a second process is refused.
 *
 * A failure of the disk is final: everything waiting and everything later is rejected, `onFatal` is called once, and
 * the process is expected to end with `EXIT_LOG_FAILED`; the next start recovers.
 */
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AegisError } from "@aegisflow/core";
import type { Clock, EvidencePort, Ids, Random } from "../governance/ports.ts";
import type { SqliteDatabase } from "../runtime/runtime.ts";
import { EVIDENCE_LIMITS, type EvidenceLimits } from "./evidence-limits.ts";
import { createNodeFileSystem } from "./node-file-system.ts";
import type { RedactRequest } from "./session-erasure.ts";
import type { SessionQuery } from "./session-index.ts";
import type { SessionRef } from "./session-state.ts";
import type { SessionVerification } from "./session-verification.ts";
import { createSqliteSessionIndex } from "./sqlite-session-index.ts";
import { startEvidenceLog } from "./start-evidence-log.ts";
import { startThreadWriter } from "./thread-writer.ts";

export { recoverAcceptLoss } from "./accept-loss.ts";
export { assertNotSetBack, followCheckpoints, saveAnchor } from "./anchoring.ts";
export { EXIT_LOG_FAILED, LogRefusal } from "./refusal.ts";
export type { RedactRequest } from "./session-erasure.ts";
export type { SessionQuery } from "./session-index.ts";
export type { SessionVerification } from "./session-verification.ts";
export type { EvidenceLimits };

/** A session as lists show it; the names are those of the product's admin API. */
export interface SessionSummary {
  readonly session_id: string;
  readonly tenant: string;
  readonly started_at: string;
  readonly ended_at: string;
  /** Decisions, whatever they were. */
  readonly total_actions: number;
  readonly allowed: number;
  readonly reviewed: number;
  readonly blocked: number;
  readonly records: number;
  /** Leaf hashes of the first and the last record, 64 hex. */
  readonly first_hash: string;
  readonly last_hash: string;
  /** False once a check of the stored bytes failed; see `verifySession`. */
  readonly chain_valid: boolean;
  readonly state: "open" | "closed";
}

export interface SessionList {
  readonly sessions: readonly SessionSummary[];
  /** Give it back as `cursor` for the next page. */
  readonly nextCursor?: string;
}

export interface LogStatus {
  readonly origin: string;
  /** Durable records. */
  readonly size: number;
  /** Of the newest checkpoint; 64 hex. */
  readonly checkpoint: { readonly size: number; readonly root: string } | undefined;
  /** Durable records that no checkpoint covers yet. */
  readonly unsignedRecords: number;
  readonly queueDepth: number;
  readonly segments: number;
  /** How often the log was opened; a new opener fences off the one before. */
  readonly epoch: number;
  readonly failure: string | undefined;
  /** What the last opening found: bytes of a torn write, decisions closed as unknown. */
  readonly recovered: { readonly tornBytes: number; readonly unknownOutcomes: number } | undefined;
}

export interface ErasureReceipt {
  /** Leaf hash of the `redaction` record. */
  readonly leaf: string;
}

export interface EvidenceLog extends EvidencePort {
  /**
   * The session's bundle (`.aegis`), complete up to this moment.
   * @throws AegisError `not-found`; `corrupt` when it cannot be read back.
   */
  exportSession(session: SessionRef): Promise<string>;
  /** Newest first, durable records only. */
  listSessions(query: SessionQuery): SessionList;
  session(session: SessionRef): SessionSummary | undefined;
  /** Reads the stored bytes and checks all of them. @throws AegisError `not-found`. */
  verifySession(session: SessionRef): Promise<SessionVerification>;
  /** Signs what is durable now; the newest checkpoint as a signed note. @throws AegisError `not-found` for an empty log. */
  checkpoint(): Promise<string>;
  /** The newest checkpoint, without making one. */
  latestCheckpoint(): string | undefined;
  /** C2SP tlog-policy that trusts this log's key and asks for no witness. */
  trustPolicy(): string;
  /** C2SP tlog-proof of a log index. @throws AegisError `not-found` when no checkpoint covers it. */
  inclusionProof(index: number): string;
  /** Hashes (64 hex) that prove the log of `from` records a prefix of the log of `to`. @throws AegisError `not-found`. */
  consistencyProof(from: number, to: number): readonly string[];
  /**
   * Destroys salt and value of fields for good; resolves when they are gone from the disk.
   * @throws AegisError `forbidden` without a second person; `not-found`; `invalid-input`.
   */
  redact(request: RedactRequest): Promise<ErasureReceipt>;
  status(): LogStatus;
  /** Makes everything queued durable, signs it, stops. */
  close(): Promise<void>;
}

export interface EvidenceLogOptions {
  /** Created when missing, 0700. Nobody else may write there. */
  readonly folder: string;
  /** Origin of the log: unique and lasting, such as `acme.example/aegisflow/prod`. */
  readonly logName: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly openSqlite: (path: string) => SqliteDatabase;
  /** The log cannot be written any more: end the process with `EXIT_LOG_FAILED`. */
  readonly onFatal: (error: AegisError) => void;
  readonly limits?: Partial<EvidenceLimits>;
}

/**
 * Opens the log, repairs what a crash left, and closes interrupted actions as `unknown`.
 * @throws LogRefusal when evidence is damaged or missing (its `exitCode` is for the process).
 * @throws AegisError `conflict` when another process has it open; `unavailable` when the disk is full.
 */
export async function openEvidenceLog(options: EvidenceLogOptions): Promise<EvidenceLog> {
  const { folder, logName, clock, ids, random, onFatal } = options;
  const files = createNodeFileSystem(folder);
  return startEvidenceLog({
    files,
    openIndex: () => createSqliteSessionIndex(() => options.openSqlite(join(folder, "index.db"))),
    startWriter: () => startThreadWriter(folder),
    sources: { clock, ids, random },
    turns: { defer: queueMicrotask, pause: () => nextTurn() },
    settings: { logName, limits: { ...EVIDENCE_LIMITS, ...options.limits }, onFatal },
  });
}

/**
 * The evidence log without a disk: the same chains, tree, checkpoints, bundles and erasure as the durable one, over
 * files in memory. For tests and simulations; what it holds ends with the process.
 */
import type { Clock, Ids, Random } from "../governance/ports.ts";
import { EVIDENCE_LIMITS, type EvidenceLimits } from "./evidence-limits.ts";
import type { EvidenceLog } from "./evidence-log.ts";
import type { FileSystem } from "./file-system.ts";
import { startInlineWriter } from "./log-writer.ts";
import { createMemoryFileSystem } from "./memory-file-system.ts";
import { createMemorySessionIndex } from "./memory-session-index.ts";
import type { SessionIndex } from "./session-index.ts";
import { type LogParts, startEvidenceLog } from "./start-evidence-log.ts";

export interface MemoryEvidenceOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly logName?: string;
  readonly limits?: Partial<EvidenceLimits>;
  /** Files to open, such as a simulated disk; fresh ones in memory by default. */
  readonly files?: FileSystem;
  readonly index?: SessionIndex;
  readonly onFatal?: LogParts["settings"]["onFatal"];
}

/** Resolves in microtasks only: no timers, no I/O. */
export function openMemoryEvidence(options: MemoryEvidenceOptions): Promise<EvidenceLog> {
  const { clock, ids, random, files = createMemoryFileSystem(), index = createMemorySessionIndex() } = options;
  return startEvidenceLog({
    files,
    openIndex: () => index,
    startWriter: (signer) => startInlineWriter(files, signer),
    sources: { clock, ids, random },
    turns: { defer: queueMicrotask, pause: () => Promise.resolve() },
    settings: {
      logName: options.logName ?? "memory.invalid/aegisflow",
      limits: { ...EVIDENCE_LIMITS, ballastBytes: 0, reserveBytes: 0, ...options.limits },
      onFatal: options.onFatal ?? (() => {}),
    },
  });
}

/** What users of the log call, put together from the core and the parts that read, export, prove and erase. */
import { AegisError } from "@aegisflow/core";
import { createCheckpointSchedule } from "./checkpoint-schedule.ts";
import type { EvidenceLog, LogStatus, SessionSummary } from "./evidence-log.ts";
import type { WrittenRecord } from "./log-core.ts";
import { createLogOperations } from "./log-operations.ts";
import { proveConsistency, proveIndex } from "./log-proofs.ts";
import type { Erasure } from "./session-erasure.ts";
import { mergePage } from "./session-index.ts";
import type { SessionState } from "./session-state.ts";
import type { OpenedLog } from "./start-evidence-log.ts";

export interface LogFace {
  readonly log: EvidenceLog;
  /** Carries out an erasure whose intention is stored. */
  finishErasure(erasure: Erasure): Promise<WrittenRecord>;
  /** Starts signing by itself; what it returns is to be called when the log has grown. */
  startSchedule(unknownOutcomes: number): () => void;
}

/** One page of a list. */
export const LIST_LIMIT_MAX = 1000;

export function createLogFace(opened: OpenedLog): LogFace {
  const { core, index, context, parts } = opened;
  const { files, settings } = parts;
  const operations = createLogOperations(opened);
  let stopSchedule = (): void => {};
  let unknownOutcomes = 0;

  const log: EvidenceLog = {
    append: (draft) => core.append(draft),
    exportSession: (ref) => operations.exportSession(ref),
    listSessions: (query) => {
      const bounded = { ...query, limit: Math.max(1, Math.min(query.limit, LIST_LIMIT_MAX)) };
      const moved = core.sessions
        .dirty()
        .map(({ state }) => state)
        .filter(({ seq }) => seq >= 0);
      const { sessions, nextCursor } = mergePage(index.list(bounded), moved, bounded);
      const shown = sessions.map(summaryOf);
      return nextCursor === undefined ? { sessions: shown } : { sessions: shown, nextCursor };
    },
    session: (ref) => {
      const state = operations.durable(ref);
      return state === undefined ? undefined : summaryOf(state);
    },
    verifySession: (ref) => operations.verifySession(ref),
    checkpoint: async () => {
      await core.signCheckpoint();
      if (core.checkpoint === undefined)
        throw new AegisError("not-found", "the evidence log is empty, nothing can be signed");
      return core.checkpoint.note;
    },
    latestCheckpoint: () => core.checkpoint?.note,
    trustPolicy: () => operations.trustPolicy(),
    inclusionProof: (logIndex) => proveIndex(files, core.checkpoint, logIndex),
    consistencyProof: (from, to) => proveConsistency(files, core.checkpoint, from, to),
    redact: async (request) => ({ leaf: (await operations.redact(request)).leaf }),
    status: (): LogStatus => ({
      origin: context.origin,
      size: core.queue.durableEnd.size,
      checkpoint:
        core.checkpoint === undefined ? undefined : { size: core.checkpoint.size, root: core.checkpoint.root },
      unsignedRecords: core.unsigned,
      queueDepth: core.queue.depth,
      segments: core.queue.durableEnd.segment,
      epoch: context.epoch,
      failure: core.failure?.detail ?? core.failure?.message,
      recovered: opened.recovered.unclean && { tornBytes: opened.recovered.unclean.tornBytes, unknownOutcomes },
    }),
    close: async () => {
      stopSchedule();
      if (core.isRunning && operations.moved()) await operations.recordHeads();
      await core.close();
    },
  };
  return {
    log,
    finishErasure: (erasure) => operations.finishErasure(erasure),
    startSchedule: (closed) => {
      unknownOutcomes = closed;
      const schedule = createCheckpointSchedule(context.clock, settings.limits, {
        unsigned: () => core.unsigned,
        sign: () => core.signCheckpoint(),
        moved: () => operations.moved(),
        takeHeads: () => operations.recordHeads(),
      });
      stopSchedule = () => schedule.stop();
      return () => schedule.grown();
    },
  };
}

function summaryOf(session: SessionState): SessionSummary {
  const { tenant, sid, startedAt, endedAt, decisions, allowed, reviewed, blocked } = session;
  const { firstLeaf, leaf, chainValid, state, seq } = session;
  return {
    session_id: sid,
    tenant,
    started_at: startedAt,
    ended_at: endedAt,
    total_actions: decisions,
    allowed,
    reviewed,
    blocked,
    records: seq + 1,
    first_hash: firstLeaf,
    last_hash: leaf,
    chain_valid: chainValid,
    state,
  };
}

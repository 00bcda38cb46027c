/**
 * When to sign and when to take heads: a checkpoint as soon as enough records or enough time have gone by without
 * one, heads once a minute when something moved. Nothing runs while nothing is written.
 */
import type { Clock } from "../governance/ports.ts";
import type { EvidenceLimits } from "./evidence-limits.ts";

export interface ScheduledWork {
  /** Records that no checkpoint covers. */
  readonly unsigned: () => number;
  readonly sign: () => Promise<void>;
  /** Sessions have moved since the last heads. */
  readonly moved: () => boolean;
  readonly takeHeads: () => Promise<void>;
}

export interface CheckpointSchedule {
  /** Tells that the log has grown. */
  grown(): void;
  stop(): void;
}

export function createCheckpointSchedule(
  clock: Clock,
  limits: EvidenceLimits,
  work: ScheduledWork,
): CheckpointSchedule {
  const stopped = new AbortController();
  let signing = false;
  let waiting = false;
  let signedAtMs = clock.monotonicMs();
  let headsAtMs = signedAtMs;

  const sign = async (): Promise<void> => {
    if (signing || stopped.signal.aborted) return;
    signing = true;
    try {
      if (work.moved() && clock.monotonicMs() - headsAtMs >= limits.headsIntervalMs) {
        headsAtMs = clock.monotonicMs();
        await work.takeHeads();
      }
      await work.sign();
    } catch {
      // The log itself has failed and has told everybody; there is nothing left to sign.
      stopped.abort();
    } finally {
      signing = false;
      signedAtMs = clock.monotonicMs();
    }
  };
  /** One timer at most: for the records of this interval, or for the heads that are still due. */
  const wait = async (): Promise<void> => {
    if (waiting || stopped.signal.aborted) return;
    waiting = true;
    try {
      while (work.unsigned() > 0 || work.moved()) {
        const delayMs = work.unsigned() > 0 ? limits.checkpointIntervalMs : limits.headsIntervalMs;
        await clock.sleep(delayMs, stopped.signal);
        await sign();
      }
    } catch {
      // Stopped while sleeping.
    } finally {
      waiting = false;
    }
  };
  return {
    grown: () => {
      const spaced = clock.monotonicMs() - signedAtMs >= limits.checkpointSpacingMs;
      if (spaced && work.unsigned() >= limits.checkpointRecords) void sign();
      void wait();
    },
    stop: () => stopped.abort(),
  };
}

/** Ends what nobody answered in time, with evidence, and forgets old history. Views say `expired` before that. */
import type { ApprovalDesk } from "./approval-desk.ts";
import { expireRow } from "./settle-approval.ts";

/** Settled approvals stay listed this long; the evidence stays for good. */
export const HISTORY_DAYS = 90;
/** Rows handled at once by a sweep, so that it never holds the loop. */
const SWEEP_BATCH = 100;

export async function sweepApprovals(desk: ApprovalDesk, signal: AbortSignal): Promise<number> {
  let expired = 0;
  for (let ended = SWEEP_BATCH; ended === SWEEP_BATCH; expired += ended) {
    ended = 0;
    for (const { id } of desk.store.due(desk.clock.nowMs(), SWEEP_BATCH)) {
      if (signal.aborted) return expired;
      if ((await expireRow(desk, id)) !== undefined) ended += 1;
    }
  }
  desk.store.purge(desk.clock.nowMs() - HISTORY_DAYS * 24 * 3_600_000, SWEEP_BATCH);
  return expired;
}

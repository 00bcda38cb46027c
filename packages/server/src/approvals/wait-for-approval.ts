/** Holding a call until a person has answered: woken by the settlement itself, never by polling. */
import type { ApprovalView } from "../governance/ports.ts";
import { type ApprovalDesk, unknownApproval } from "./approval-desk.ts";
import { toApprovalView } from "./approval-item.ts";

/** @throws AegisError `not-found`, `limit-exceeded`, or `cancelled` when the signal aborts. */
export async function waitForApproval(
  desk: ApprovalDesk,
  id: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ApprovalView> {
  const look = (): ApprovalView => {
    const row = desk.store.get(id);
    if (row === undefined) throw unknownApproval(id);
    return toApprovalView(row, desk.clock.nowMs(), desk.urlOf);
  };
  const woken = new AbortController();
  // Registered before the first look, so that a settlement in between is not missed.
  const waiter = desk.waiters.add(id, () => woken.abort());
  try {
    const first = look();
    if (first.status !== "pending") return first;
    const leftMs = Date.parse(first.expires_at) - desk.clock.nowMs();
    await sleepUntilWoken(desk, Math.min(timeoutMs, leftMs), signal, woken.signal);
    return look();
  } finally {
    waiter.remove();
  }
}

/** @throws AegisError `cancelled` when the caller's signal aborts. */
async function sleepUntilWoken(
  desk: ApprovalDesk,
  delayMs: number,
  signal: AbortSignal,
  woken: AbortSignal,
): Promise<void> {
  try {
    await desk.clock.sleep(delayMs, AbortSignal.any([signal, woken]));
  } catch (error) {
    if (signal.aborted || !woken.aborted) throw error;
  }
}

/** Compares the log with its anchor at the start, and moves the anchor along with the checkpoints while it runs. */
import { fromHex, verifyConsistency } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Clock } from "../governance/ports.ts";
import type { Anchor, AnchorStore } from "./anchor-store.ts";
import type { EvidenceLog } from "./evidence-log.ts";
import { rolledBack } from "./refusal.ts";

type AnchoredLog = Pick<EvidenceLog, "status" | "consistencyProof" | "checkpoint">;

/** How long the anchor may lag behind the newest checkpoint: the window in which a set-back is not noticed. */
const ANCHOR_INTERVAL_MS = 2_000;

/** @throws LogRefusal `rollback` when the log is not a continuation of what was signed before. */
export async function assertNotSetBack(log: AnchoredLog, store: AnchorStore): Promise<void> {
  const { origin, size } = log.status();
  const anchor = store.last(origin);
  if (anchor === undefined || anchor.size === 0) return;
  if (size < anchor.size) throw rolledBack(`it has ${size} records, but ${anchor.size} had been signed`);
  await log.checkpoint();
  const { checkpoint } = log.status();
  if (checkpoint === undefined || !continues(log, anchor, checkpoint)) {
    throw rolledBack(`its first ${anchor.size} records are not those that had been signed`);
  }
}

function continues(log: AnchoredLog, anchor: Anchor, now: { readonly size: number; readonly root: string }): boolean {
  const proof = anchor.size === now.size ? [] : log.consistencyProof(anchor.size, now.size).map(fromHex);
  return verifyConsistency(nodeCrypto, {
    firstSize: anchor.size,
    firstRoot: fromHex(anchor.root),
    secondSize: now.size,
    secondRoot: fromHex(now.root),
    proof,
  });
}

/** Runs until the signal aborts; `saveAnchor` once more after the log was closed covers the rest. */
export async function followCheckpoints(
  log: AnchoredLog,
  store: AnchorStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    saveAnchor(log, store);
    await clock.sleep(ANCHOR_INTERVAL_MS, signal).catch(() => undefined);
  }
}

export function saveAnchor(log: AnchoredLog, store: AnchorStore): void {
  const { origin, checkpoint } = log.status();
  if (checkpoint === undefined || checkpoint.size === (store.last(origin)?.size ?? 0)) return;
  store.save({ origin, ...checkpoint });
}

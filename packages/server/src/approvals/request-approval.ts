/**
 * Asking for a person. The request is in evidence before it is in the queue; the same action asked again joins the
 * request that waits; an action that was just denied stays denied; a full queue refuses and says so.
 */
import { type ActionEnvelope, AegisError, type Decision } from "@aegisflow/core";
import type { ApprovalEnvelopeKey, ApprovalRequestResult } from "../governance/ports.ts";
import type { ApprovalDesk } from "./approval-desk.ts";
import { toApprovalView } from "./approval-item.ts";
import { type ApprovalDraftRow, cancelRecord, requestRecord } from "./approval-records.ts";
import type { ApprovalRow } from "./approval-store.ts";
import { expireRow } from "./settle-approval.ts";

/** More than this nobody reads before saying yes. */
export const REVIEWABLE_CHARS_MAX = 512 * 1024;

export function requestApproval(
  desk: ApprovalDesk,
  envelope: ActionEnvelope,
  decision: Decision,
  decisionLeaf: string,
): Promise<ApprovalRequestResult> {
  const key = keyOf(envelope, decision);
  return desk.lock.run(`ask:${JSON.stringify(key)}`, async () => {
    const answered = await alreadyAnswered(desk, key);
    if (answered !== undefined) return answered;
    const row = draftRow(desk, envelope, decision, decisionLeaf);
    const full = fullQueue(desk, row);
    if (full !== undefined) return full;
    return withReservation(desk, row, () => submit(desk, row));
  });
}

async function alreadyAnswered(
  desk: ApprovalDesk,
  key: ApprovalEnvelopeKey,
): Promise<ApprovalRequestResult | undefined> {
  const nowMs = desk.clock.nowMs();
  const denial = desk.store.latestDenial({ ...key, sinceMs: nowMs - desk.limits().ttlMs });
  if (denial !== undefined) return { kind: "denied", approval: toApprovalView(denial, nowMs, desk.urlOf) };
  const pending = desk.store.findPending(key);
  if (pending === undefined) return undefined;
  if (pending.expiresAtMs > nowMs) return { kind: "pending", approval: toApprovalView(pending, nowMs, desk.urlOf) };
  await expireRow(desk, pending.id);
  return undefined;
}

async function submit(desk: ApprovalDesk, draft: ApprovalDraftRow): Promise<ApprovalRequestResult> {
  const { leaf } = await desk.evidence.append(requestRecord(draft, desk.pseudonymOf));
  const row: ApprovalRow = { ...draft, requestLeaf: leaf };
  const inserted = desk.store.insertPending(row, desk.limits().pendingPerTenantMax);
  if (inserted.kind === "full") {
    // Another process sharing the store was faster: the record must not stay without an end.
    const by = { principal: "system", comment: "queue full" };
    await desk.evidence.append(cancelRecord(row, by, desk.pseudonymOf));
    return tenantQueueFull(desk);
  }
  const stored = inserted.row ?? row;
  return { kind: "pending", approval: toApprovalView(stored, desk.clock.nowMs(), desk.urlOf) };
}

function fullQueue(desk: ApprovalDesk, row: ApprovalDraftRow): ApprovalRequestResult | undefined {
  const { pendingPerTenantMax, pendingPerRequesterMax } = desk.limits();
  const { tenant, requester } = row;
  const reservedFor = (key: string): number => desk.reserved.get(key) ?? 0;
  const [tenantKey, requesterKey] = reservationKeys(row);
  if (desk.store.countPending(tenant) + reservedFor(tenantKey) >= pendingPerTenantMax) return tenantQueueFull(desk);
  if (desk.store.countPending(tenant, requester) + reservedFor(requesterKey) < pendingPerRequesterMax) return undefined;
  const message = `${pendingPerRequesterMax} of your requests wait for a person already; wait for answers or cancel some`;
  return { kind: "full", message };
}

function tenantQueueFull(desk: ApprovalDesk): ApprovalRequestResult {
  const { pendingPerTenantMax } = desk.limits();
  return {
    kind: "full",
    message: `the approval queue is full (${pendingPerTenantMax} pending); ask a reviewer to empty it`,
  };
}

async function withReservation<T>(desk: ApprovalDesk, row: ApprovalDraftRow, work: () => Promise<T>): Promise<T> {
  const change = (by: number): void => {
    for (const key of reservationKeys(row)) {
      const next = (desk.reserved.get(key) ?? 0) + by;
      if (next === 0) desk.reserved.delete(key);
      else desk.reserved.set(key, next);
    }
  };
  change(1);
  try {
    return await work();
  } finally {
    change(-1);
  }
}

function reservationKeys({ tenant, requester }: ApprovalDraftRow): readonly [string, string] {
  return [JSON.stringify([tenant]), JSON.stringify([tenant, requester])];
}

function keyOf(envelope: ActionEnvelope, decision: Decision): ApprovalEnvelopeKey {
  return {
    fingerprint: envelope.fingerprint,
    tenant: envelope.actor.tenant_id,
    requester: envelope.actor.id,
    policyHash: decision.policy_hash,
  };
}

function draftRow(
  desk: ApprovalDesk,
  envelope: ActionEnvelope,
  decision: Decision,
  decisionLeaf: string,
): ApprovalDraftRow {
  const envelopeJson = JSON.stringify(envelope);
  if (envelopeJson.length > REVIEWABLE_CHARS_MAX) {
    throw new AegisError("too-large", "the action is too large for a person to review; do less in one action");
  }
  const submittedAtMs = desk.clock.nowMs();
  return {
    // The id of the action that asked first, so that its id finds its approval.
    id: envelope.id,
    ...keyOf(envelope, decision),
    sid: envelope.actor.session_id,
    status: "pending",
    submittedAtMs,
    expiresAtMs: submittedAtMs + desk.limits().ttlMs,
    envelopeJson,
    decisionJson: JSON.stringify(decision),
    decisionLeaf,
  };
}

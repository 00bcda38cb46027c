/**
 * Approvals in memory, for tests and simulations: the same answers as the embedded store, lost with the process.
 * Every method is one step of the event loop, which is what makes it atomic.
 */
import type { ApprovalQuery, ApprovalRow, ApprovalStore, Settlement } from "../../approvals/approval-store.ts";
import type { ApprovalEnvelopeKey } from "../../governance/ports.ts";

export function createMemoryApprovalStore(): ApprovalStore {
  const rows = new Map<string, ApprovalRow>();
  const pendingByAction = new Map<string, string>();
  const idsByAsked = new Map<string, readonly string[]>();
  const pendingCounts = new Map<string, number>();

  const count = (row: ApprovalRow, change: number): void => {
    for (const key of [countKey(), countKey(row.tenant), countKey(row.tenant, row.requester)]) {
      const next = (pendingCounts.get(key) ?? 0) + change;
      if (next === 0) pendingCounts.delete(key);
      else pendingCounts.set(key, next);
    }
  };
  const put = (row: ApprovalRow): ApprovalRow => {
    const before = rows.get(row.id);
    if (before?.status === "pending" && row.status !== "pending") {
      pendingByAction.delete(actionKey(row));
      count(row, -1);
    }
    rows.set(row.id, row);
    return row;
  };
  const rowsAsking = (key: Asked): readonly ApprovalRow[] =>
    (idsByAsked.get(askedKey(key)) ?? []).flatMap((id) => rows.get(id) ?? []);

  return {
    insertPending(row, pendingMax) {
      const existing = rows.get(pendingByAction.get(actionKey(row)) ?? "");
      if (existing !== undefined) return { kind: "existing", row: existing };
      if ((pendingCounts.get(countKey(row.tenant)) ?? 0) >= pendingMax) return { kind: "full" };
      rows.set(row.id, row);
      pendingByAction.set(actionKey(row), row.id);
      idsByAsked.set(askedKey(row), [...(idsByAsked.get(askedKey(row)) ?? []), row.id]);
      count(row, 1);
      return { kind: "inserted", row };
    },
    get: (id) => rows.get(id),
    list: (query) => listRows(rows.values(), query),
    countPending: (tenant, requester) => pendingCounts.get(countKey(tenant, requester)) ?? 0,
    findPending: (key) => rows.get(pendingByAction.get(actionKey(key)) ?? ""),
    settle(id, settlement) {
      const row = rows.get(id);
      if (row?.status !== "pending") return undefined;
      if (settlement.to !== "expired" && row.expiresAtMs <= settlement.atMs) return undefined;
      return put(settledRow(row, settlement));
    },
    consume(key) {
      const usable = rowsAsking(key).find((row) => row.policyHash === key.policyHash && isClaimable(row, key.atMs));
      return usable === undefined ? undefined : put({ ...usable, status: "consumed", consumedAtMs: key.atMs });
    },
    latestDenial: (key) =>
      rowsAsking(key)
        .filter((row) => row.status === "denied" && (row.reviewedAtMs ?? 0) >= key.sinceMs)
        .sort((one, other) => (other.reviewedAtMs ?? 0) - (one.reviewedAtMs ?? 0))[0],
    due: (nowMs, limit) =>
      [...rows.values()]
        .filter((row) => (row.status === "pending" || row.status === "approved") && row.expiresAtMs <= nowMs)
        .sort((a, b) => a.expiresAtMs - b.expiresAtMs || compareText(a.id, b.id))
        .slice(0, limit),
    expireApproved(id) {
      const row = rows.get(id);
      return row?.status === "approved" ? put({ ...row, status: "expired" }) : undefined;
    },
    purge(beforeMs, limit) {
      const isDone = (row: ApprovalRow): boolean =>
        row.submittedAtMs < beforeMs && row.status !== "pending" && row.status !== "approved";
      const done = [...rows.values()].filter(isDone).slice(0, limit);
      for (const row of done) {
        rows.delete(row.id);
        const rest = (idsByAsked.get(askedKey(row)) ?? []).filter((id) => id !== row.id);
        if (rest.length === 0) idsByAsked.delete(askedKey(row));
        else idsByAsked.set(askedKey(row), rest);
      }
      return done.length;
    },
  };
}

type Asked = Pick<ApprovalEnvelopeKey, "tenant" | "requester" | "fingerprint">;

/** Who asked for which action, under whatever policy. */
function askedKey({ tenant, requester, fingerprint }: Asked): string {
  return JSON.stringify([tenant, requester, fingerprint]);
}

function actionKey(key: ApprovalEnvelopeKey): string {
  return JSON.stringify([key.policyHash, askedKey(key)]);
}

function countKey(tenant?: string, requester?: string): string {
  return JSON.stringify([tenant ?? null, requester ?? null]);
}

function isClaimable(row: ApprovalRow, atMs: number): boolean {
  return row.status === "approved" && row.voteLeaf !== undefined && row.expiresAtMs > atMs;
}

function settledRow(row: ApprovalRow, settlement: Settlement): ApprovalRow {
  return {
    ...row,
    status: settlement.to,
    reviewedAtMs: settlement.atMs,
    reviewer: settlement.reviewer,
    comment: settlement.comment,
    ...(settlement.voteLeaf === undefined ? {} : { voteLeaf: settlement.voteLeaf }),
    ...(settlement.expiresAtMs === undefined ? {} : { expiresAtMs: settlement.expiresAtMs }),
  };
}

function listRows(rows: Iterable<ApprovalRow>, query: ApprovalQuery): readonly ApprovalRow[] {
  const { tenant, requester, statuses, before } = query;
  const fits = (row: ApprovalRow): boolean =>
    (tenant === undefined || row.tenant === tenant) &&
    (requester === undefined || row.requester === requester) &&
    (statuses === undefined || statuses.includes(row.status)) &&
    (before === undefined || compareNewestFirst(before, row) < 0);
  return [...rows].filter(fits).sort(compareNewestFirst).slice(0, query.limit);
}

interface Position {
  readonly submittedAtMs: number;
  readonly id: string;
}

function compareNewestFirst(a: Position, b: Position): number {
  return b.submittedAtMs - a.submittedAtMs || compareText(b.id, a.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

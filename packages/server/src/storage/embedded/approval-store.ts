/**
 * Approvals in SQLite. Every transition is one statement whose WHERE names the state it leaves, so that of two
 * callers one gets the row and the other nothing; each is durable when it returns (WAL, synchronous FULL).
 */
import { AegisError } from "@aegisflow/core/errors";
import type { ApprovalQuery, ApprovalRow, ApprovalStore } from "../../approvals/approval-store.ts";
import type { ApprovalStatus } from "../../governance/ports.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../runtime/runtime.ts";

// NOTE: INDEXED BY where the planner, which has no statistics, would read every pending row.
const STATUSES: readonly ApprovalStatus[] = ["pending", "approved", "denied", "expired", "consumed", "cancelled"];

const INSERT = `INSERT INTO approval (id, tenant, sid, requester, fingerprint, policy_hash, status, submitted_at_ms,
  expires_at_ms, envelope_json, decision_json, decision_leaf, request_leaf) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?)`;
const SETTLE = `UPDATE approval SET status = ?1, reviewed_at_ms = ?2, reviewer = ?3, comment = ?4, vote_leaf = ?5,
  expires_at_ms = coalesce(?6, expires_at_ms)
  WHERE id = ?7 AND status = 'pending' AND (?1 = 'expired' OR expires_at_ms > ?2) RETURNING *`;
const CONSUME = `UPDATE approval SET status = 'consumed', consumed_at_ms = ?1 WHERE status = 'approved' AND id = (
  SELECT id FROM approval INDEXED BY approval_by_action WHERE tenant = ?2 AND requester = ?3 AND fingerprint = ?4 AND policy_hash = ?5
  AND status = 'approved' AND vote_leaf IS NOT NULL AND expires_at_ms > ?1 ORDER BY submitted_at_ms, id LIMIT 1) RETURNING *`;
const FIND_PENDING = `SELECT * FROM approval WHERE tenant = ? AND requester = ? AND fingerprint = ? AND policy_hash = ?
  AND status = 'pending'`;
const LATEST_DENIAL = `SELECT * FROM approval WHERE tenant = ? AND requester = ? AND fingerprint = ? AND status = 'denied'
  AND reviewed_at_ms >= ? ORDER BY reviewed_at_ms DESC LIMIT 1`;
const DUE = `SELECT * FROM approval INDEXED BY approval_due WHERE status IN ('pending', 'approved') AND expires_at_ms <= ?
  ORDER BY expires_at_ms, id LIMIT ?`;
const EXPIRE_APPROVED = `UPDATE approval SET status = 'expired' WHERE id = ? AND status = 'approved' RETURNING *`;
const PURGE = `DELETE FROM approval WHERE id IN (SELECT id FROM approval
  WHERE status IN ('denied', 'expired', 'consumed', 'cancelled') AND submitted_at_ms < ? LIMIT ?)`;
const COUNT_ALL = "SELECT sum(pending) AS pending FROM approval_pending_count WHERE requester = ''";
const COUNT = "SELECT pending FROM approval_pending_count WHERE tenant = ? AND requester = ?";

export function createEmbeddedApprovalStore(database: SqliteDatabase): ApprovalStore {
  const one = (sql: string, ...values: readonly SqlValue[]): ApprovalRow | undefined => {
    const row = database.get(sql, ...values);
    return row === undefined ? undefined : toRow(row);
  };
  const countPending = (tenant?: string, requester = ""): number => {
    const row = tenant === undefined ? database.get(COUNT_ALL) : database.get(COUNT, tenant, requester);
    return Number(row?.pending ?? 0);
  };

  return {
    insertPending: (row, pendingMax) =>
      database.transaction(() => {
        const existing = one(FIND_PENDING, row.tenant, row.requester, row.fingerprint, row.policyHash);
        if (existing !== undefined) return { kind: "existing", row: existing };
        if (countPending(row.tenant) >= pendingMax) return { kind: "full" };
        database.run(INSERT, ...insertValues(row));
        return { kind: "inserted", row };
      }),
    get: (id) => one("SELECT * FROM approval WHERE id = ?", id),
    list: (query) => listRows(database, query),
    countPending,
    findPending: (key) => one(FIND_PENDING, key.tenant, key.requester, key.fingerprint, key.policyHash),
    settle: (id, { to, atMs, reviewer, comment, voteLeaf, expiresAtMs }) =>
      one(SETTLE, to, atMs, reviewer, comment, voteLeaf ?? null, expiresAtMs ?? null, id),
    consume: (key) => one(CONSUME, key.atMs, key.tenant, key.requester, key.fingerprint, key.policyHash),
    latestDenial: (key) => one(LATEST_DENIAL, key.tenant, key.requester, key.fingerprint, key.sinceMs),
    due: (nowMs, limit) => database.all(DUE, nowMs, limit).map(toRow),
    expireApproved: (id) => one(EXPIRE_APPROVED, id),
    purge: (beforeMs, limit) => database.run(PURGE, beforeMs, limit).changes,
  };
}

/** One query per status, because only so each reads its own index in order; then the pages are merged. */
function listRows(database: SqliteDatabase, query: ApprovalQuery): readonly ApprovalRow[] {
  const { tenant, requester, before, limit } = query;
  const filters: readonly (readonly [string, readonly SqlValue[]])[] = [
    ...(tenant === undefined ? [] : ([["tenant = ?", [tenant]]] as const)),
    ...(requester === undefined ? [] : ([["requester = ?", [requester]]] as const)),
    ...(before === undefined ? [] : ([["(submitted_at_ms, id) < (?, ?)", [before.submittedAtMs, before.id]]] as const)),
  ];
  const where = ["status = ?", ...filters.map(([text]) => text)].join(" AND ");
  const sql = `SELECT * FROM approval WHERE ${where} ORDER BY submitted_at_ms DESC, id DESC LIMIT ?`;
  const values = filters.flatMap(([, bound]) => bound);
  return (query.statuses ?? STATUSES)
    .flatMap((status) => database.all(sql, status, ...values, limit).map(toRow))
    .sort((a, b) => b.submittedAtMs - a.submittedAtMs || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

function insertValues(row: ApprovalRow): readonly SqlValue[] {
  return [
    row.id,
    row.tenant,
    row.sid,
    row.requester,
    row.fingerprint,
    row.policyHash,
    row.submittedAtMs,
    row.expiresAtMs,
    row.envelopeJson,
    row.decisionJson,
    row.decisionLeaf,
    row.requestLeaf,
  ];
}

function toRow(row: SqlRow): ApprovalRow {
  return {
    id: text(row, "id"),
    tenant: text(row, "tenant"),
    sid: text(row, "sid"),
    requester: text(row, "requester"),
    fingerprint: text(row, "fingerprint"),
    policyHash: text(row, "policy_hash"),
    status: status(text(row, "status")),
    submittedAtMs: Number(row.submitted_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    envelopeJson: text(row, "envelope_json"),
    decisionJson: text(row, "decision_json"),
    decisionLeaf: text(row, "decision_leaf"),
    requestLeaf: text(row, "request_leaf"),
    ...(row.reviewed_at_ms === null ? {} : { reviewedAtMs: Number(row.reviewed_at_ms) }),
    ...(row.reviewer === null ? {} : { reviewer: text(row, "reviewer") }),
    ...(row.comment === null ? {} : { comment: text(row, "comment") }),
    ...(row.vote_leaf === null ? {} : { voteLeaf: text(row, "vote_leaf") }),
    ...(row.consumed_at_ms === null ? {} : { consumedAtMs: Number(row.consumed_at_ms) }),
  };
}

function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new AegisError("corrupt", "an approval in the database is damaged; restore a backup", { detail: column });
}

function status(value: string): ApprovalStatus {
  const known = STATUSES.find((candidate) => candidate === value);
  if (known === undefined) throw new AegisError("corrupt", "an approval in the database is damaged; restore a backup");
  return known;
}

/** Pages of approvals for one viewer, newest first. The cursor is the position of the last row of a page. */

import type { ApprovalItem } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import { type Principal, visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { ApprovalStatus } from "../governance/ports.ts";
import type { ApprovalDesk } from "./approval-desk.ts";
import { statusAt, toApprovalItem } from "./approval-item.ts";
import type { ApprovalRow } from "./approval-store.ts";

export interface ApprovalPage {
  readonly items: readonly ApprovalItem[];
  readonly nextCursor?: string;
}

export interface ApprovalPageQuery {
  readonly statuses: readonly ApprovalStatus[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Characters of actions on one page: an answer stays bounded whatever agents put into their arguments. */
const PAGE_CHARS_MAX = 4 * 1024 * 1024;
/** Rows read at once, so that a page of large actions is not read whole before it is cut. */
const ROWS_AT_ONCE = 25;

/** @throws AegisError `invalid-input` for a cursor that is not ours. */
export function listApprovals(desk: ApprovalDesk, viewer: Principal, query: ApprovalPageQuery): ApprovalPage {
  const nowMs = desk.clock.nowMs();
  const { rows, hasMore } = readPage(desk, viewer, query);
  const last = rows.at(-1);
  const items = rows
    // Time is over for it, though no sweep has said so yet: then it is not pending for anybody.
    .filter((row) => statusAt(row, nowMs) === row.status || query.statuses.includes("expired"))
    .map((row) => toApprovalItem(row, nowMs, desk.urlOf));
  return hasMore && last !== undefined ? { items, nextCursor: `${last.submittedAtMs}_${last.id}` } : { items };
}

/** Rows up to the limit or the size of a page, at least one. */
function readPage(
  desk: ApprovalDesk,
  viewer: Principal,
  query: ApprovalPageQuery,
): { readonly rows: readonly ApprovalRow[]; readonly hasMore: boolean } {
  const tenant = visibleTenantOf(viewer);
  const filter = {
    ...(tenant === undefined ? {} : { tenant }),
    ...(viewer.role === "agent" ? { requester: viewer.id } : {}),
    statuses: query.statuses,
  };
  const rows: ApprovalRow[] = [];
  let chars = 0;
  let before = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  for (;;) {
    const batch = desk.store.list({ ...filter, ...(before === undefined ? {} : { before }), limit: ROWS_AT_ONCE });
    for (const row of batch) {
      chars += row.envelopeJson.length + row.decisionJson.length;
      const isFull = rows.length >= query.limit || (rows.length > 0 && chars > PAGE_CHARS_MAX);
      if (isFull) return { rows, hasMore: true };
      rows.push(row);
    }
    before = rows.at(-1);
    if (batch.length < ROWS_AT_ONCE) return { rows, hasMore: false };
  }
}

function parseCursor(cursor: string): { readonly submittedAtMs: number; readonly id: string } {
  const [, ms, id] = /^(\d{1,16})_(.+)$/.exec(cursor) ?? [];
  if (ms === undefined || id === undefined) {
    throw new AegisError("invalid-input", "cursor is not one of ours; start again without it");
  }
  return { submittedAtMs: Number(ms), id };
}

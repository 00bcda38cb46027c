/** Pages of approvals for one viewer, newest first. The cursor is the position of the last row of a page. */

import type { ApprovalItem } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import { type Principal, visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { ApprovalStatus } from "../governance/ports.ts";
import type { ApprovalDesk } from "./approval-desk.ts";
import { statusAt, toApprovalItem } from "./approval-item.ts";
import type { ApprovalQuery } from "./approval-store.ts";

export interface ApprovalPage {
  readonly items: readonly ApprovalItem[];
  readonly nextCursor?: string;
}

export interface ApprovalPageQuery {
  readonly statuses: readonly ApprovalStatus[];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** @throws AegisError `invalid-input` for a cursor that is not ours. */
export function listApprovals(desk: ApprovalDesk, viewer: Principal, query: ApprovalPageQuery): ApprovalPage {
  const nowMs = desk.clock.nowMs();
  const tenant = visibleTenantOf(viewer);
  const storeQuery: ApprovalQuery = {
    ...(tenant === undefined ? {} : { tenant }),
    ...(viewer.role === "agent" ? { requester: viewer.id } : {}),
    ...(query.cursor === undefined ? {} : { before: parseCursor(query.cursor) }),
    statuses: query.statuses,
    limit: query.limit + 1,
  };
  const rows = desk.store.list(storeQuery);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = page
    // Time is over for it, though no sweep has said so yet: then it is not pending for anybody.
    .filter((row) => statusAt(row, nowMs) === row.status || query.statuses.includes("expired"))
    .map((row) => toApprovalItem(row, nowMs, desk.urlOf));
  const hasMore = rows.length > page.length && last !== undefined;
  return hasMore ? { items, nextCursor: `${last.submittedAtMs}_${last.id}` } : { items };
}

function parseCursor(cursor: string): { readonly submittedAtMs: number; readonly id: string } {
  const [, ms, id] = /^(\d{1,16})_(.+)$/.exec(cursor) ?? [];
  if (ms === undefined || id === undefined) {
    throw new AegisError("invalid-input", "cursor is not one of ours; start again without it");
  }
  return { submittedAtMs: Number(ms), id };
}

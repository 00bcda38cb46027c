/** Handlers of the approval routes. */
import { AegisError } from "@aegisflow/core/errors";
import type { ApprovalStatus } from "../../governance/ports.ts";
import type { AdminPorts } from "../admin-ports.ts";
import type { NamesOf, RouteHandlers } from "./route-handler.ts";

const SETTLED: readonly ApprovalStatus[] = ["approved", "denied", "expired", "consumed", "cancelled"];

export function approvalHandlers({ approvals }: Pick<AdminPorts, "approvals">): RouteHandlers<NamesOf<"approvals">> {
  return {
    "approvals.list"({ principal, query: { status, limit, cursor } }) {
      const { items, nextCursor } = approvals.list(principal, { statuses: [status], limit, cursor });
      const list = status === "pending" ? { pending: [...items] } : { approvals: [...items] };
      return { json: { ...list, ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) } };
    },
    "approvals.history"({ principal, query: { limit, cursor } }) {
      const { items, nextCursor } = approvals.list(principal, { statuses: SETTLED, limit, cursor });
      return { json: { history: [...items], ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) } };
    },
    "approvals.get": ({ principal, params: { id = "" } }) => ({ json: approvals.get(id, principal) ?? unknown(id) }),
    "approvals.status": ({ principal, params: { id = "" } }) => ({
      json: approvals.status(id, principal) ?? unknown(id),
    }),
    "approvals.approve": async ({ principal, params: { id = "" }, body: { comment } }) => ({
      json: (await approvals.approve(id, principal, comment)) ?? notPending(id),
    }),
    "approvals.deny": async ({ principal, params: { id = "" }, body: { comment } }) => ({
      json: (await approvals.deny(id, principal, comment)) ?? notPending(id),
    }),
    "approvals.cancel": async ({ principal, params: { id = "" }, body: { comment } }) => ({
      json: (await approvals.cancel(id, principal, comment)) ?? notPending(id),
    }),
  };
}

function unknown(id: string): never {
  throw new AegisError("not-found", `approval \`${id.slice(0, 100)}\` not found`);
}

/** Status 400 and these words are what clients of the reference product check. */
function notPending(id: string): never {
  throw new AegisError("invalid-input", `approval item not found or already reviewed: ${id.slice(0, 100)}`);
}

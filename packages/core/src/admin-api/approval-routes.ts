/** Approvals: who waits for a person, and the person's answer. JSON keys are those the reference clients know. */
import { z } from "zod";
import type { AdminRoute } from "./route.ts";
import { decisionSchema, envelopeSchema, nextCursorSchema, pageQuerySchema, timeSchema } from "./shared-schemas.ts";

export const APPROVAL_STATUSES = ["pending", "approved", "denied", "expired", "consumed", "cancelled"] as const;

/** A reason, not an essay; it goes into evidence. */
export const COMMENT_CHARS_MAX = 2_000;

export const approvalItemSchema = z.object({
  id: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  envelope: envelopeSchema,
  decision: decisionSchema.describe("Why a person is asked: the rule, its reason and the trace."),
  requester: z.string().describe("Principal that asked; it may never settle it."),
  tenant: z.string(),
  url: z.string().describe("Where a person decides."),
  submitted_at: timeSchema,
  expire_at: timeSchema,
  reviewed_at: timeSchema.optional(),
  reviewer: z.string().optional().describe("Principal that settled it, from its key; `system` when it expired."),
  review_comment: z.string().optional(),
  consumed_at: timeSchema.optional(),
  vote_leaf: z.string().optional().describe("Evidence leaf of the vote."),
});
export type ApprovalItem = z.output<typeof approvalItemSchema>;

export const approvalStatusSchema = z.object({
  id: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  submitted_at: timeSchema,
  expire_at: timeSchema,
  review_comment: z.string().optional(),
});
export type ApprovalStatusView = z.output<typeof approvalStatusSchema>;

const approvalListQuerySchema = pageQuerySchema.extend({
  status: z.enum(APPROVAL_STATUSES).default("pending").describe("Default `pending`."),
});

const approvalListSchema = z.object({
  pending: z.array(approvalItemSchema).optional().describe("When `status` is pending; newest first."),
  approvals: z.array(approvalItemSchema).optional().describe("When `status` is another; newest first."),
  next_cursor: nextCursorSchema,
});
export type ApprovalList = z.output<typeof approvalListSchema>;

const approvalHistorySchema = z.object({ history: z.array(approvalItemSchema), next_cursor: nextCursorSchema });
export type ApprovalHistory = z.output<typeof approvalHistorySchema>;

const reviewBodySchema = z.strictObject({
  comment: z.string().max(COMMENT_CHARS_MAX).default("").describe("Goes into evidence with the vote."),
  reviewer: z.string().optional().describe("Ignored: the reviewer is whose key it is."),
});
export type ReviewBody = z.input<typeof reviewBodySchema>;

const SETTLED = { 200: { description: "The settled approval.", schema: approvalItemSchema } };

export const APPROVAL_ROUTES = [
  {
    name: "approvals.list",
    method: "GET",
    path: "/admin/v1/approvals",
    role: "viewer",
    scope: "tenant",
    summary: "List approvals of one status, newest first.",
    query: approvalListQuerySchema,
    responses: { 200: { description: "One page.", schema: approvalListSchema } },
  },
  {
    name: "approvals.history",
    method: "GET",
    path: "/admin/v1/approvals/history",
    role: "viewer",
    scope: "tenant",
    summary: "List approvals that are no longer pending, newest first.",
    query: pageQuerySchema,
    responses: { 200: { description: "One page.", schema: approvalHistorySchema } },
  },
  {
    name: "approvals.get",
    method: "GET",
    path: "/admin/v1/approvals/{id}",
    role: "viewer",
    scope: "tenant",
    summary: "Show one approval with the exact action.",
    responses: { 200: { description: "The approval.", schema: approvalItemSchema } },
  },
  {
    name: "approvals.status",
    method: "GET",
    path: "/admin/v1/approvals/{id}/status",
    role: "agent",
    scope: "tenant",
    summary: "Show where one approval stands. An agent sees its own only.",
    responses: { 200: { description: "Its status.", schema: approvalStatusSchema } },
  },
  {
    name: "approvals.approve",
    method: "POST",
    path: "/admin/v1/approvals/{id}/approve",
    role: "operator",
    scope: "tenant",
    summary: "Approve the exact action once. Never by the principal that asked.",
    body: reviewBodySchema,
    responses: SETTLED,
  },
  {
    name: "approvals.deny",
    method: "POST",
    path: "/admin/v1/approvals/{id}/deny",
    role: "operator",
    scope: "tenant",
    summary: "Deny the action. Never by the principal that asked.",
    body: reviewBodySchema,
    responses: SETTLED,
  },
  {
    name: "approvals.cancel",
    method: "POST",
    path: "/admin/v1/approvals/{id}/cancel",
    role: "agent",
    scope: "tenant",
    summary: "Withdraw a pending request: one's own, or as an operator any.",
    body: reviewBodySchema,
    responses: { 200: { description: "Its status.", schema: approvalStatusSchema } },
  },
] as const satisfies readonly AdminRoute[];

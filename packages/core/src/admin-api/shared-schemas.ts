/** Pieces that several admin routes share: paging, times, the error body, the action and its decision. */
import { z } from "zod";
import { CAPABILITIES, PROTOCOLS, TARGET_KINDS } from "../action/action.ts";
import { EFFECT_KINDS } from "../action/effect.ts";
import { DECISIONS } from "../decision/decision.ts";

/** Items of one page: what a screen shows, and what one answer may cost. */
export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

export const pageQuerySchema = z.strictObject({
  cursor: z.string().max(200).optional().describe("`next_cursor` of the page before."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_LIMIT_MAX)
    .default(PAGE_LIMIT_DEFAULT)
    .describe(`Items per page, 1 to ${PAGE_LIMIT_MAX}; default ${PAGE_LIMIT_DEFAULT}.`),
});
export type PageQuery = z.output<typeof pageQuerySchema>;

export const nextCursorSchema = z
  .string()
  .optional()
  .describe("Give it as `cursor` for the next page; absent on the last.");

export const timeSchema = z.string().describe("RFC 3339, UTC.");

export const errorBodySchema = z.object({
  error: z.object({
    code: z.int().describe("The HTTP status again."),
    message: z.string().describe("What is wrong and what to do."),
    type: z.string().describe("invalid_request, not_found, forbidden, authentication_error, conflict …"),
  }),
});
export type ErrorBody = z.output<typeof errorBodySchema>;

const jsonObjectSchema = z.record(z.string(), z.unknown());

export const effectSchema = z.object({
  kind: z.enum(EFFECT_KINDS),
  operation: z.string(),
  paths: z.array(z.string()).optional(),
  hosts: z.array(z.string()).optional(),
  refs: z.array(z.string()).optional(),
  tables: z.array(z.string()).optional(),
  flags: z.array(z.string()).optional(),
});

export const envelopeSchema = z.object({
  id: z.string(),
  timestamp: timeSchema,
  actor: z.object({
    type: z.enum(["user", "agent", "service"]),
    id: z.string(),
    session_id: z.string(),
    tenant_id: z.string(),
  }),
  task: z.string(),
  protocol: z.enum(PROTOCOLS),
  tool: z.string(),
  target: z.string(),
  target_kind: z.enum(TARGET_KINDS),
  parameters: jsonObjectSchema,
  requested_capability: z.enum(CAPABILITIES),
  effects: z.array(effectSchema),
  environment: z.string().optional(),
  justification: z.string().optional(),
  resource: jsonObjectSchema.optional(),
  canonical_parameters: z.string().describe("RFC 8785 text of `parameters`: exactly what is approved and executed."),
  fingerprint: z.string().describe("64 hex; equal for the same action asked twice."),
});
export type EnvelopeView = z.output<typeof envelopeSchema>;

export const verdictSchema = z.object({
  engine: z.string(),
  decision: z.enum(DECISIONS),
  rule: z.string(),
  reason: z.string(),
  source: z.string().optional(),
  suggestion: z.string().optional(),
});

export const decisionSchema = z.object({
  ...verdictSchema.shape,
  policy_hash: z.string(),
  policy_version: z.int(),
  trace: z.array(verdictSchema),
  break_glass: z.string().optional(),
  latency_us: z.number(),
});
export type DecisionView = z.output<typeof decisionSchema>;

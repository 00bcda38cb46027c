/** Deciding on trial and explaining: test-action, simulate, why; and the policy with its versions. */
import { z } from "zod";
import { CAPABILITIES, PROTOCOLS } from "../action/action.ts";
import { DECISIONS } from "../decision/decision.ts";
import type { AdminRoute } from "./route.ts";
import { decisionSchema, pageQuerySchema, timeSchema, verdictSchema } from "./shared-schemas.ts";

const ACTION_TEXT_CHARS_MAX = 16 * 1024;
const required = z.string().min(1).max(ACTION_TEXT_CHARS_MAX);

export const trialActionSchema = z.strictObject({
  protocol: z.enum(PROTOCOLS),
  tool: required,
  target: required,
  capability: z.enum(CAPABILITIES).optional().describe("Default `execute`."),
  params: z.record(z.string(), z.unknown()).default({}),
});
export type TrialAction = z.input<typeof trialActionSchema>;

const testActionResultSchema = z.object({
  decision: z.enum(DECISIONS),
  envelope_id: z.string(),
  evidence_hash: z.string().describe("Leaf of the decision in the evidence log."),
  message: z.string(),
  approval_id: z.string().optional(),
  rule: z.string(),
  reason: z.string(),
  suggestion: z.string().optional(),
});
export type TestActionResult = z.output<typeof testActionResultSchema>;

const ruleCheckSchema = z.object({
  rule_index: z.int(),
  rule_id: z.string(),
  rule: z.record(z.string(), z.unknown()),
  source: z.string().optional(),
  matched: z.boolean(),
  fail_reason: z.string().optional(),
});

/** The answer of the rules alone, rule by rule, in the reference product's shape. */
export const explanationSchema = z.object({
  decision: z.enum(DECISIONS),
  rule_id: z.string(),
  matched_rule: z.record(z.string(), z.unknown()).optional(),
  matched_index: z.int().describe("-1 when no rule decided."),
  rules_checked: z.int(),
  default_used: z.boolean(),
  reason: z.string(),
  suggestion: z.string().optional(),
  source: z.string().optional(),
  check_trace: z.array(ruleCheckSchema),
  operations: z.array(z.record(z.string(), z.unknown())).describe("Every operation of the action with its decision."),
});

const simulationSchema = z.object({
  action: z.string().describe("The tool."),
  decision: z.enum(DECISIONS),
  rule: z.string(),
  reason: z.string(),
  source: z.string().optional(),
  suggestion: z.string().optional(),
  trace: explanationSchema.describe("What the rules say."),
  verdicts: z.array(verdictSchema).describe("What every engine says; the strictest is the decision."),
});
export type Simulation = z.output<typeof simulationSchema>;

const whySchema = z.object({
  action_id: z.string(),
  timestamp: timeSchema,
  tool: z.string(),
  target: z.string(),
  decision: decisionSchema,
  outcome: z.string().optional().describe("What came of it, when that is known."),
  evidence_hash: z.string().optional(),
});
export type Why = z.output<typeof whySchema>;

export const policyVersionSchema = z.object({
  version: z.int(),
  hash: z.string().describe("`sha256:<64 hex>` of the policy; approvals bind to it."),
  config_hash: z.string(),
  timestamp: timeSchema,
  source: z.enum(["initial", "reload", "rollback"]),
  rule_count: z.int(),
  default_decision: z.enum(DECISIONS),
  active: z.boolean(),
  file: z.string().optional(),
  by: z.string().optional().describe("Principal that rolled back."),
  reason: z.string().optional(),
  rolled_back_to: z.int().optional(),
});
export type PolicyVersion = z.output<typeof policyVersionSchema>;

const policyVersionDetailSchema = policyVersionSchema.extend({
  rules: z.array(z.record(z.string(), z.unknown())),
});
export type PolicyVersionDetail = z.output<typeof policyVersionDetailSchema>;

const policiesSchema = z.object({
  version: z.int(),
  hash: z.string(),
  default_decision: z.enum(DECISIONS),
  packs: z.array(z.string()),
  rules: z.array(z.record(z.string(), z.unknown())).describe("In the order in which they are tried."),
});
export type PoliciesView = z.output<typeof policiesSchema>;

const rollbackSchema = z.object({
  status: z.literal("ok"),
  rolled_back_to: z.int(),
  version: z.int().describe("The new version, with the old content."),
});
export type RollbackResult = z.output<typeof rollbackSchema>;

const rollbackBodySchema = z.strictObject({ reason: z.string().max(500).default("") });

export const GOVERNANCE_ROUTES = [
  {
    name: "actions.test",
    method: "POST",
    path: "/admin/v1/test-action",
    role: "operator",
    scope: "tenant",
    summary: "Decide and record an action without running it; a review asks for a person.",
    body: trialActionSchema,
    responses: { 200: { description: "The decision.", schema: testActionResultSchema } },
  },
  {
    name: "actions.simulate",
    method: "POST",
    path: "/admin/v1/simulate",
    role: "viewer",
    scope: "tenant",
    summary: "The decision an action would get now; records nothing.",
    body: trialActionSchema,
    responses: { 200: { description: "The decision with its trace.", schema: simulationSchema } },
  },
  {
    name: "actions.why",
    method: "GET",
    path: "/admin/v1/actions/{id}/why",
    role: "viewer",
    scope: "tenant",
    summary: "Why a recent action was decided as it was.",
    responses: { 200: { description: "The decision with its trace.", schema: whySchema } },
  },
  {
    name: "policies.current",
    method: "GET",
    path: "/admin/v1/policies",
    role: "viewer",
    scope: "tenant",
    summary: "The rules in force, in order.",
    responses: { 200: { description: "The policy.", schema: policiesSchema } },
  },
  {
    name: "policyVersions.list",
    method: "GET",
    path: "/admin/v1/policy-versions",
    role: "viewer",
    scope: "tenant",
    summary: "Applied versions of the policy, newest first. The next page's cursor is in the header `x-next-cursor`.",
    query: pageQuerySchema,
    responses: { 200: { description: "One page.", schema: z.array(policyVersionSchema) } },
  },
  {
    name: "policyVersions.current",
    method: "GET",
    path: "/admin/v1/policy-versions/current",
    role: "viewer",
    scope: "tenant",
    summary: "The version in force.",
    responses: { 200: { description: "The version.", schema: policyVersionDetailSchema } },
  },
  {
    name: "policyVersions.get",
    method: "GET",
    path: "/admin/v1/policy-versions/{version}",
    role: "viewer",
    scope: "tenant",
    summary: "One version with its rules.",
    responses: { 200: { description: "The version.", schema: policyVersionDetailSchema } },
  },
  {
    name: "policyVersions.rollback",
    method: "POST",
    path: "/admin/v1/policy-versions/{version}/rollback",
    role: "admin",
    scope: "installation",
    summary: "Apply an old version again, as a new one, with an audit record.",
    body: rollbackBodySchema,
    responses: { 200: { description: "Rolled back.", schema: rollbackSchema } },
  },
] as const satisfies readonly AdminRoute[];

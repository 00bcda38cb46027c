/** The installation itself: health, who am I, status, configuration, break-glass, tool pins. */
import { z } from "zod";
import { ROLES } from "../identity/principal.ts";
import type { AdminRoute } from "./route.ts";
import { nextCursorSchema, pageQuerySchema, timeSchema } from "./shared-schemas.ts";

const healthSchema = z.object({ status: z.literal("ok") });
export type Health = z.output<typeof healthSchema>;

const whoamiSchema = z.object({
  id: z.string().describe("The principal: what rules, approvals and evidence know the key by."),
  name: z.string(),
  role: z.enum(ROLES),
  tenant_id: z.string(),
  tenant_name: z.string(),
});
export type Whoami = z.output<typeof whoamiSchema>;

const statusSchema = z.object({
  healthy: z.boolean(),
  version: z.string(),
  runtime: z.string(),
  started_at: timeSchema,
  uptime_s: z.int(),
  policy: z.object({ version: z.int(), hash: z.string(), default_decision: z.string() }),
  approvals: z.object({ pending: z.int() }),
  evidence: z.object({ records: z.string(), healthy: z.boolean(), detail: z.string() }),
  upstreams: z.array(z.object({ name: z.string(), state: z.string(), tools: z.int().optional() })),
  break_glass: z.object({ id: z.string(), expires_at: timeSchema }).optional(),
  warnings: z.array(z.string()),
});
export type StatusView = z.output<typeof statusSchema>;

const configSchema = z.object({
  version: z.int(),
  hash: z.string(),
  file: z.string().optional(),
  applied_at: timeSchema,
  config: z.record(z.string(), z.unknown()).describe("Secrets replaced by `[redacted]`."),
  last_error: z.string().optional().describe("Why the newest file was refused; the last good one stays in force."),
});
export type ConfigView = z.output<typeof configSchema>;

/** Longer than this is not an emergency. */
export const BREAK_GLASS_MINUTES_MAX = 60;

export const breakGlassGrantSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  granted_by: z.string(),
  reason: z.string(),
  granted_at: timeSchema,
  expires_at: timeSchema,
  revoked_at: timeSchema.optional(),
  revoked_by: z.string().optional(),
  active: z.boolean(),
});
export type BreakGlassGrant = z.output<typeof breakGlassGrantSchema>;

const grantBodySchema = z.strictObject({
  tenant: z.string().max(64).describe("Whose actions it covers."),
  reason: z.string().min(1).max(500).describe("Goes into evidence."),
  minutes: z.int().min(1).max(BREAK_GLASS_MINUTES_MAX),
});
export type GrantBody = z.input<typeof grantBodySchema>;

export const toolPinSchema = z.object({
  upstream: z.string(),
  tool: z.string(),
  state: z.enum(["accepted", "changed", "flagged"]),
  accepted_hash: z.string().describe("64 hex of the definition that calls are trusted with."),
  seen_hash: z.string().describe("64 hex of the definition that the upstream shows now."),
  findings: z
    .array(z.object({ kind: z.string(), where: z.string(), what: z.string() }))
    .describe("Hidden Unicode, instruction-like text and the like."),
  changes: z
    .array(z.object({ path: z.string(), before: z.string().optional(), after: z.string().optional() }))
    .describe("What differs from the accepted definition."),
  first_seen_at: timeSchema,
  changed_at: timeSchema,
  accepted_at: timeSchema.optional(),
  accepted_by: z.string().optional(),
});
export type ToolPin = z.output<typeof toolPinSchema>;

const toolPinQuerySchema = pageQuerySchema.extend({
  waiting: z.enum(["true", "false"]).default("false").describe("Only those that wait for a person."),
});

const acceptBodySchema = z.strictObject({
  upstream: z.string().min(1).max(200),
  tool: z.string().min(1).max(512),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("`seen_hash` of the definition that was looked at; another one is a conflict."),
});
export type AcceptPinBody = z.input<typeof acceptBodySchema>;

const GRANT = { description: "The grant.", schema: breakGlassGrantSchema };

export const INSTALLATION_ROUTES = [
  {
    name: "health.get",
    method: "GET",
    path: "/health",
    role: "open",
    scope: "tenant",
    summary: "Answers when the process serves requests.",
    responses: { 200: { description: "Alive.", schema: healthSchema } },
  },
  {
    name: "whoami.get",
    method: "GET",
    path: "/admin/v1/whoami",
    role: "agent",
    scope: "tenant",
    summary: "Whose key this is.",
    responses: { 200: { description: "The principal.", schema: whoamiSchema } },
  },
  {
    name: "status.get",
    method: "GET",
    path: "/admin/v1/status",
    role: "viewer",
    scope: "tenant",
    summary: "How the parts are.",
    responses: { 200: { description: "The status.", schema: statusSchema } },
  },
  {
    name: "config.get",
    method: "GET",
    path: "/admin/v1/config",
    role: "operator",
    scope: "installation",
    summary: "The configuration in force, without its secrets.",
    responses: { 200: { description: "The configuration.", schema: configSchema } },
  },
  {
    name: "breakGlass.list",
    method: "GET",
    path: "/admin/v1/break-glass",
    role: "viewer",
    scope: "installation",
    summary: "Break-glass grants, newest first.",
    query: pageQuerySchema,
    responses: {
      200: {
        description: "One page.",
        schema: z.object({ grants: z.array(breakGlassGrantSchema), next_cursor: nextCursorSchema }),
      },
    },
  },
  {
    name: "breakGlass.grant",
    method: "POST",
    path: "/admin/v1/break-glass",
    role: "admin",
    scope: "installation",
    summary: "Let failing engines be skipped for a while; never overrides a block.",
    body: grantBodySchema,
    responses: { 201: GRANT },
  },
  {
    name: "breakGlass.revoke",
    method: "POST",
    path: "/admin/v1/break-glass/{id}/revoke",
    role: "admin",
    scope: "installation",
    summary: "End a grant now.",
    responses: { 200: GRANT },
  },
  {
    name: "toolPins.list",
    method: "GET",
    path: "/admin/v1/tool-pins",
    role: "viewer",
    scope: "installation",
    summary: "Remembered tool definitions, and those that changed.",
    query: toolPinQuerySchema,
    responses: {
      200: {
        description: "One page.",
        schema: z.object({ pins: z.array(toolPinSchema), next_cursor: nextCursorSchema }),
      },
    },
  },
  {
    name: "toolPins.accept",
    method: "POST",
    path: "/admin/v1/tool-pins/accept",
    role: "operator",
    scope: "installation",
    summary: "Accept a changed tool definition; its calls stop going to review.",
    body: acceptBodySchema,
    responses: { 200: { description: "The pin.", schema: toolPinSchema } },
  },
] as const satisfies readonly AdminRoute[];

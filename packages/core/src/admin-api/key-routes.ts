/** API keys. The secret is in the answer once, when it is made; only its hash is kept. */
import { z } from "zod";
import { ROLES } from "../identity/principal.ts";
import type { AdminRoute } from "./route.ts";
import { nextCursorSchema, pageQuerySchema, timeSchema } from "./shared-schemas.ts";

/** A key's longest life when one is asked for: one year. */
export const KEY_DAYS_MAX = 366;
/** How long the old key still works after a rotation, at most: one day. */
export const ROTATION_OVERLAP_MINUTES_MAX = 1440;

export const apiKeySchema = z.object({
  id: z.string().describe("The principal."),
  name: z.string(),
  role: z.enum(ROLES),
  tenant: z.string(),
  source: z.enum(["store", "config"]).describe("Keys of the configuration file are changed there."),
  created_at: timeSchema.optional(),
  expires_at: timeSchema.optional(),
  revoked_at: timeSchema.optional(),
});
export type ApiKeyView = z.output<typeof apiKeySchema>;

const newApiKeySchema = z.object({ key: apiKeySchema, secret: z.string().describe("Shown once.") });
export type NewApiKey = z.output<typeof newApiKeySchema>;

const createBodySchema = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(ROLES),
  tenant: z.string().min(1).max(64).optional().describe("Default one's own."),
  expires_in_days: z.int().min(1).max(KEY_DAYS_MAX).optional().describe("Default never."),
});
export type CreateKeyBody = z.input<typeof createBodySchema>;

const rotateBodySchema = z.strictObject({
  overlap_minutes: z
    .int()
    .min(0)
    .max(ROTATION_OVERLAP_MINUTES_MAX)
    .default(0)
    .describe("How long the old key still works; default not at all."),
});
export type RotateKeyBody = z.input<typeof rotateBodySchema>;

export const KEY_ROUTES = [
  {
    name: "keys.list",
    method: "GET",
    path: "/admin/v1/keys",
    role: "admin",
    scope: "tenant",
    summary: "List keys, never their secrets.",
    query: pageQuerySchema,
    responses: {
      200: {
        description: "One page.",
        schema: z.object({ keys: z.array(apiKeySchema), next_cursor: nextCursorSchema }),
      },
    },
  },
  {
    name: "keys.create",
    method: "POST",
    path: "/admin/v1/keys",
    role: "admin",
    scope: "tenant",
    summary: "Make a key.",
    body: createBodySchema,
    responses: { 201: { description: "The key with its secret.", schema: newApiKeySchema } },
  },
  {
    name: "keys.rotate",
    method: "POST",
    path: "/admin/v1/keys/{id}/rotate",
    role: "admin",
    scope: "tenant",
    summary: "Give the principal a new secret.",
    body: rotateBodySchema,
    responses: { 200: { description: "The key with its new secret.", schema: newApiKeySchema } },
  },
  {
    name: "keys.revoke",
    method: "POST",
    path: "/admin/v1/keys/{id}/revoke",
    role: "admin",
    scope: "tenant",
    summary: "End a key now.",
    responses: { 200: { description: "The revoked key.", schema: apiKeySchema } },
  },
] as const satisfies readonly AdminRoute[];

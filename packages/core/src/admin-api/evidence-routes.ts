/** Evidence: list, export, verify, report, redact. An export is the bundle itself, byte for byte. */
import { z } from "zod";
import type { AdminRoute } from "./route.ts";
import { pageQuerySchema, timeSchema } from "./shared-schemas.ts";

/** Media type of an exported session bundle. */
export const BUNDLE_CONTENT_TYPE = "application/vnd.aegisflow.evidence";
/** Header that carries the next page's cursor where the body is an array, as reference clients expect it. */
export const NEXT_CURSOR_HEADER = "x-next-cursor";

export const evidenceSessionSchema = z.object({
  session_id: z.string(),
  tenant: z.string(),
  started_at: timeSchema,
  ended_at: timeSchema,
  total_actions: z.int(),
  allowed: z.int(),
  reviewed: z.int(),
  blocked: z.int(),
  records: z.int(),
  first_hash: z.string(),
  last_hash: z.string(),
  chain_valid: z.boolean().describe("False when the stored chain failed its own check."),
  state: z.enum(["open", "closed"]),
});
export type EvidenceSession = z.output<typeof evidenceSessionSchema>;

export const VERDICTS = ["PASS", "FAIL", "NOT CHECKED"] as const;
const verdictReportSchema = z.object({
  verdict: z.enum(VERDICTS),
  summary: z.string().describe("What was established, for PASS."),
  reasons: z.array(z.string()).describe("Why it failed or was not checked."),
});

export const evidenceVerificationSchema = z.object({
  valid: z.boolean().describe("True when no verdict failed."),
  total_records: z.int(),
  message: z.string(),
  verdicts: z.object({
    consistent: verdictReportSchema,
    complete: verdictReportSchema,
    existed_at: verdictReportSchema,
    paired: verdictReportSchema,
  }),
});
export type EvidenceVerification = z.output<typeof evidenceVerificationSchema>;

const sessionQuerySchema = z.strictObject({
  tenant: z.string().max(64).optional().describe("Whose session; default one's own tenant."),
});

const sessionListQuerySchema = pageQuerySchema.extend({
  tenant: z.string().max(64).optional().describe("Only this tenant's sessions."),
});

/** At most so many fields in one request: each is named in the redaction record. */
export const REDACTION_FIELDS_MAX = 32;

const redactBodySchema = z.strictObject({
  leaf: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("Leaf hash of the record."),
  fields: z.array(z.string().max(64)).min(1).max(REDACTION_FIELDS_MAX).describe("Disclosures to destroy."),
  basis: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, "write one word such as gdpr-17 or leaked-secret")
    .describe("Why, in one word such as `gdpr-17`: it stands readable in evidence, so no names and no sentences."),
  tenant: z.string().max(64).optional().describe("Whose session; default one's own tenant."),
});
export type RedactBody = z.input<typeof redactBodySchema>;

const redactionSchema = z.object({
  redacted: z.array(z.string()).describe("Fields destroyed now."),
  record: z.string().describe("Leaf of the redaction record."),
});
export type Redaction = z.output<typeof redactionSchema>;

const checkpointSchema = z.object({
  origin: z.string(),
  size: z.string().describe("Records in the log, decimal."),
  root: z.string().describe("Base64 of the Merkle root."),
  note: z.string().describe("The signed note (C2SP tlog-checkpoint)."),
  vkey: z.string().describe("The log's verifier key (C2SP signed-note)."),
});
export type CheckpointView = z.output<typeof checkpointSchema>;

export const EVIDENCE_ROUTES = [
  {
    name: "evidence.sessions",
    method: "GET",
    path: "/admin/v1/evidence/sessions",
    role: "viewer",
    scope: "tenant",
    summary: "List sessions, newest first. The next page's cursor is in the header `x-next-cursor`.",
    query: sessionListQuerySchema,
    responses: { 200: { description: "One page.", schema: z.array(evidenceSessionSchema) } },
  },
  {
    name: "evidence.export",
    method: "GET",
    path: "/admin/v1/evidence/sessions/{sid}/export",
    role: "viewer",
    scope: "tenant",
    summary: "Download the session's bundle, for offline verification.",
    query: sessionQuerySchema,
    responses: { 200: { description: "The bundle.", contentType: BUNDLE_CONTENT_TYPE } },
  },
  {
    name: "evidence.verify",
    method: "POST",
    path: "/admin/v1/evidence/sessions/{sid}/verify",
    role: "viewer",
    scope: "tenant",
    summary: "Export the session and verify it; 200 whatever the verdict.",
    query: sessionQuerySchema,
    responses: { 200: { description: "The verdicts.", schema: evidenceVerificationSchema } },
  },
  {
    name: "evidence.report",
    method: "GET",
    path: "/admin/v1/evidence/sessions/{sid}/report",
    role: "viewer",
    scope: "tenant",
    summary: "The session as a Markdown report.",
    query: sessionQuerySchema,
    responses: { 200: { description: "Markdown.", contentType: "text/markdown; charset=utf-8" } },
  },
  {
    name: "evidence.reportHtml",
    method: "GET",
    path: "/admin/v1/evidence/sessions/{sid}/report.html",
    role: "viewer",
    scope: "tenant",
    summary: "The session as an HTML report.",
    query: sessionQuerySchema,
    responses: { 200: { description: "HTML.", contentType: "text/html; charset=utf-8" } },
  },
  {
    name: "evidence.redact",
    method: "POST",
    path: "/admin/v1/evidence/sessions/{sid}/redact",
    role: "admin",
    scope: "tenant",
    summary: "Destroy disclosed values of one record for good; the chain keeps verifying.",
    body: redactBodySchema,
    responses: { 200: { description: "What was destroyed.", schema: redactionSchema } },
  },
  {
    name: "evidence.checkpoint",
    method: "GET",
    path: "/admin/v1/evidence/checkpoint",
    role: "viewer",
    scope: "tenant",
    summary: "The newest signed checkpoint of the whole log.",
    responses: { 200: { description: "The checkpoint.", schema: checkpointSchema } },
  },
] as const satisfies readonly AdminRoute[];

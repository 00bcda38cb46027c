/** Reviews by people: `approval_integrations` (time to live, channels) and `approvals` (limits). */
import { z } from "zod";
import { blankableSchema, durationSchema } from "./field-types.ts";

export const approvalIntegrationsSchema = z
  .strictObject({
    timeout: durationSchema({ min: "1s", max: "168h" })
      .default("30m")
      .describe(
        "How long a review waits for a person, and how long an approval can then be used. Afterwards it is expired.",
      ),
    github: z
      .strictObject({
        enabled: z.boolean().optional().describe("Whether reviews are announced as GitHub comments. Default: false."),
        token: blankableSchema.optional().describe("GitHub token. Secret."),
        repo: blankableSchema.optional().describe("`owner/name` of the repository."),
      })
      .optional()
      .describe("Reviews on GitHub."),
    slack: z
      .strictObject({
        enabled: z.boolean().optional().describe("Whether reviews are announced in Slack. Default: false."),
        webhook_url: blankableSchema.optional().describe("Incoming webhook. Secret."),
      })
      .optional()
      .describe("Reviews in Slack."),
  })
  .prefault({})
  .describe("How reviews reach people, and how long they stand.");

export const approvalsSchema = z
  .strictObject({
    max_pending_per_tenant: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe("Most reviews of one tenant that wait at once; a further one is refused and says so."),
  })
  .prefault({})
  .describe("Limits on reviews.");

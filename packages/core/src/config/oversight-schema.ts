/** Credentials, tickets, manifests, risk, identity, supply chain, resilience, federation of the reference product; known, not in this version. */
import { z } from "zod";
import { countSchema as count, durationSchema, blankableSchema as text } from "./field-types.ts";

const duration = durationSchema();
const flag = z.boolean();
const enabled = flag.optional().describe("Whether it is in force. Default: false.");

const credentialProvider = z.strictObject({
  name: text.describe("Unique name."),
  type: text.describe("static, github_app, vault or aws_sts."),
  token: text.optional().describe("Token of a static provider. Secret."),
  github_app_id: z.union([text, count]).optional().describe("Id of the GitHub App."),
  github_key_path: text.optional().describe("File of the app's private key."),
  github_install_id: z.union([text, count]).optional().describe("Id of the installation."),
  vault_addr: text.optional().describe("Address of Vault or OpenBao."),
  vault_token: text.optional().describe("Token for it. Secret."),
  vault_secret_path: text.optional().describe("Path of the secrets engine."),
  aws_role_arn: text.optional().describe("Role that is assumed."),
  aws_region: text.optional().describe("Region of STS."),
  aws_external_id: text.optional().describe("External id of the role. Secret."),
  aws_session_policy: text.optional().describe("Session policy, JSON."),
  default_ttl: duration.optional().describe("Life of a credential. Default: 1h, 30m for vault."),
});

export const credentialsSchema = z
  .strictObject({ enabled, providers: z.array(credentialProvider).optional().describe("Where credentials come from.") })
  .optional()
  .describe("Short-lived credentials for actions.");

export const capabilitySchema = z
  .strictObject({
    enabled,
    signing_key: text.optional().describe("Signing key, hex. Secret."),
    default_ttl: duration.optional().describe("Life of a ticket. Default: 5m."),
  })
  .optional()
  .describe("Capability tickets.");

export const manifestsSchema = z
  .strictObject({
    enabled,
    default_expiration: duration.optional().describe("Life of a manifest. Default: 1h."),
    default_risk_tier: text.optional().describe("Risk tier. Default: medium."),
    enforcement_mode: text.optional().describe("shadow, warn or enforce. Default: warn."),
  })
  .optional()
  .describe("Task manifests.");

export const behavioralSchema = z
  .strictObject({
    enabled,
    kill_switch_score: count.optional().describe("Score that stops a session. Default: 80."),
    window_minutes: count.optional().describe("Minutes looked back. Default: 30."),
  })
  .optional()
  .describe("Risk score of sessions.");

const environment = z.strictObject({
  id: text.describe("Unique id."),
  name: text.optional().describe("Name for people."),
  risk_tier: text.optional().describe("low, medium, high or critical."),
});
const project = z.strictObject({
  id: text.describe("Unique id."),
  name: text.optional().describe("Name for people."),
  environments: z.array(environment).optional().describe("Environments of the project."),
});
const team = z.strictObject({
  id: text.describe("Unique id."),
  name: text.optional().describe("Name for people."),
  projects: z.array(project).optional().describe("Projects of the team."),
});

export const identitySchema = z
  .strictObject({
    enabled,
    organizations: z
      .array(
        z.strictObject({
          id: text.describe("Unique id."),
          name: text.optional().describe("Name for people."),
          teams: z.array(team).optional().describe("Teams of the organization."),
        }),
      )
      .optional()
      .describe("Organizations, teams, projects, environments."),
  })
  .optional()
  .describe("Organizations and scoped roles.");

export const supplyChainSchema = z
  .strictObject({
    enabled,
    strict_mode: flag.optional().describe("Whether unsigned assets are refused. Default: false."),
    signing_key: text.optional().describe("Verification key. Secret."),
  })
  .optional()
  .describe("Signed packs and plugins.");

export const resilienceSchema = z
  .strictObject({
    enabled,
    health_interval: duration.optional().describe("Time between health checks. Default: 30s."),
    backup_dir: text.optional().describe("Folder of backups. Default: data/backups."),
    circuit_breaker: z
      .strictObject({
        threshold: count.optional().describe("Failures that open it. Default: 5."),
        reset_after: duration.optional().describe("Time until it is tried again. Default: 30s."),
      })
      .optional()
      .describe("When a failing part is left alone."),
    retention: z
      .strictObject({
        audit_log_days: count.optional().describe("Days. Default: 90."),
        evidence_days: count.optional().describe("Days. Default: 365."),
        approval_history_days: count.optional().describe("Days. Default: 180."),
        compress_after_days: count.optional().describe("Days. Default: 30."),
        auto_cleanup: flag.optional().describe("Whether old data is removed. Default: false."),
      })
      .optional()
      .describe("How long data is kept."),
  })
  .optional()
  .describe("Health checks, backups, retention.");

export const federationSchema = z
  .strictObject({
    enabled,
    mode: text.optional().describe("control-plane or data-plane."),
    data_planes: z
      .array(
        z.strictObject({
          name: text.describe("Name of the data plane."),
          url: text.optional().describe("Its address."),
          token: text.optional().describe("Its token. Secret."),
        }),
      )
      .optional()
      .describe("Data planes of this control plane."),
    control_plane: z
      .strictObject({
        name: text.optional().describe("Name of this data plane."),
        url: text.optional().describe("Address of the control plane."),
        token: text.optional().describe("Token for it. Secret."),
        sync_interval: duration.optional().describe("Time between syncs. Default: 30s."),
      })
      .optional()
      .describe("The control plane of this data plane."),
  })
  .optional()
  .describe("Control plane and data planes.");

const contentFilter = z.strictObject({
  name: text.optional().describe("Name of the filter."),
  type: text.describe("keyword, regex, pii or wasm."),
  action: text.optional().describe("block, warn or log."),
  keywords: z.array(text).optional().describe("Words (keyword)."),
  patterns: z.array(text).optional().describe("Expressions (regex) or kinds (pii)."),
  path: text.optional().describe("Module (wasm)."),
  timeout: duration.optional().describe("Longest run (wasm). Default: 100ms."),
  on_error: text.optional().describe("block or allow (wasm). Default: block."),
});

export const policiesSchema = z
  .strictObject({
    governance_mode: text.optional().describe("`governance`: what fails is blocked. Default and only mode."),
    break_glass: flag
      .optional()
      .describe("Always false here; a grant that expires takes its place: `aegisctl break-glass`."),
    input: z.array(contentFilter).optional().describe("Filters on prompts."),
    output: z.array(contentFilter).optional().describe("Filters on answers."),
  })
  .optional()
  .describe("Content policies.");

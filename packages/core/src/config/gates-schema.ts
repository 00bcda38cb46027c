/** Shell, SQL, git and HTTP gates, sandboxes and resource policies of the reference product; known, not in this version. */
import { z } from "zod";
import { countSchema as count, durationSchema, blankableSchema as text } from "./field-types.ts";
import { decisionSchema } from "./policy-schema.ts";

const flag = z.boolean();
const texts = z.array(text);
const decision = z.union([decisionSchema, z.literal("")]);

const enabled = flag.optional().describe("Whether it is in force. Default: false.");
const default_decision = decision.optional().describe("Decision when no rule matches. Default: `block`.");
const block_dangerous = flag
  .optional()
  .describe("Whether known destructive operations are blocked before any rule. Default: false.");

export const shellGateSchema = z
  .strictObject({ enabled, block_dangerous, default_decision })
  .optional()
  .describe("Gate for shell commands.");
export const sqlGateSchema = z
  .strictObject({ enabled, block_dangerous, default_decision })
  .optional()
  .describe("Gate for SQL statements.");
export const githubGateSchema = z
  .strictObject({ enabled, default_decision })
  .optional()
  .describe("Gate for forge operations.");

export const httpGateSchema = z
  .strictObject({
    enabled,
    port: count.optional().describe("Port to listen on. Default: 8083."),
    services: z
      .array(
        z.strictObject({
          name: text.describe("Name of the service, in tool names."),
          upstream_url: text.describe("Address requests go to."),
          path_prefix: text.optional().describe("Path that selects the service."),
        }),
      )
      .optional()
      .describe("Services behind the gate."),
  })
  .optional()
  .describe("Gate for HTTP calls.");

const networkPolicy = z.strictObject({
  allow_egress: flag.optional().describe("Whether the network may be used."),
  allowed_hosts: texts.optional().describe("Hosts that may be reached."),
  blocked_hosts: texts.optional().describe("Hosts that may not."),
  blocked_ports: z.array(count).optional().describe("Ports that may not."),
});

const shellSandbox = z.strictObject({
  allowed_binaries: texts.optional().describe("Programs that may run."),
  blocked_binaries: texts.optional().describe("Programs that may not."),
  allowed_paths: texts.optional().describe("Paths that may be used."),
  blocked_paths: texts.optional().describe("Paths that may not."),
  network_policy: networkPolicy.optional().describe("Network of the command."),
  max_duration: durationSchema().optional().describe("Longest run."),
  max_output_bytes: count.optional().describe("Most output, in bytes."),
  env_redactions: texts.optional().describe("Variables that are not passed on."),
});

const sqlSandbox = z.strictObject({
  read_only: flag.optional().describe("Whether only reads run."),
  allowed_schemas: texts.optional().describe("Schemas that may be used."),
  blocked_tables: texts.optional().describe("Tables that may not."),
  max_rows_return: count.optional().describe("Most rows of an answer."),
  block_ddl: flag.optional().describe("Whether DDL is blocked."),
  block_grant: flag.optional().describe("Whether GRANT and REVOKE are blocked."),
  require_where: flag.optional().describe("Whether UPDATE and DELETE need WHERE."),
});

const httpSandbox = z.strictObject({
  allowed_hosts: texts.optional().describe("Hosts that may be called."),
  blocked_hosts: texts.optional().describe("Hosts that may not."),
  allowed_methods: texts.optional().describe("Methods that may be used."),
  max_payload_bytes: count.optional().describe("Largest body, in bytes."),
  blocked_paths: texts.optional().describe("Paths that may not be called."),
  require_https: flag.optional().describe("Whether only https is allowed."),
});

const gitSandbox = z.strictObject({
  allowed_repos: texts.optional().describe("Repositories that may be used."),
  allowed_branches: texts.optional().describe("Branches that may be pushed."),
  protected_paths: texts.optional().describe("Paths that may not change."),
  block_force_push: flag.optional().describe("Whether force pushes are blocked."),
  block_main_merge: flag.optional().describe("Whether merges to the main branch are blocked."),
  block_workflow_edit: flag.optional().describe("Whether CI workflows may not change."),
});

export const sandboxSchema = z
  .strictObject({
    enabled,
    shell: shellSandbox.optional().describe("Limits on commands."),
    sql: sqlSandbox.optional().describe("Limits on statements."),
    http: httpSandbox.optional().describe("Limits on HTTP calls."),
    git: gitSandbox.optional().describe("Limits on git operations."),
  })
  .optional()
  .describe("Limits inside gates.");

export const resourcePoliciesSchema = z
  .strictObject({
    enabled,
    default_decision,
    rules: z
      .array(
        z.strictObject({
          resource_type: text.optional().describe("Type of the resource."),
          provider: text.optional().describe("Who provides it."),
          environment: text.optional().describe("Environment it stands in."),
          path_pattern: text.optional().describe("Glob on its path."),
          sensitivity: text.optional().describe("Least sensitivity: public, internal, confidential or secret."),
          verb: text.optional().describe("What is done to it."),
          decision: decision.describe("Decision when the rule matches."),
          priority: z.int().optional().describe("Lower comes first."),
        }),
      )
      .optional()
      .describe("Rules on typed resources."),
  })
  .optional()
  .describe("Policies on resources.");

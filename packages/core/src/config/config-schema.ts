/**
 * The whole configuration file: every key of the product, strict. What a key means stands beside it; which keys this
 * version has is data in availability.ts; what cannot be said by one block alone is checked here.
 */
import { z } from "zod";
import { evidenceSchema } from "./evidence-schema.ts";
import { isLoopbackHost } from "./field-types.ts";
import {
  githubGateSchema,
  httpGateSchema,
  resourcePoliciesSchema,
  sandboxSchema,
  shellGateSchema,
  sqlGateSchema,
} from "./gates-schema.ts";
import { mcpGatewaySchema } from "./mcp-schema.ts";
import {
  aliasesSchema,
  cacheSchema,
  loadShedSchema,
  messagesApiSchema,
  providersSchema,
  rateLimitSchema,
  routesSchema,
  transformSchema,
  websocketSchema,
} from "./models-schema.ts";
import {
  behavioralSchema,
  capabilitySchema,
  credentialsSchema,
  federationSchema,
  identitySchema,
  manifestsSchema,
  policiesSchema,
  resilienceSchema,
  supplyChainSchema,
} from "./oversight-schema.ts";
import { approvalIntegrationsSchema, approvalsSchema } from "./review-schema.ts";
import { adminSchema, dataDirSchema, loggingSchema, serverSchema } from "./server-schema.ts";
import {
  analyticsSchema,
  budgetsSchema,
  costOptimizationSchema,
  databaseSchema,
  evalSchema,
  telemetrySchema,
  webhookSchema,
} from "./spending-schema.ts";
import { tenantsSchema } from "./tenants-schema.ts";
import { policyPacksSchema, toolPoliciesSchema } from "./tool-policies-schema.ts";

const configFields = {
  server: serverSchema,
  data_dir: dataDirSchema,
  logging: loggingSchema,
  admin: adminSchema,
  tenants: tenantsSchema,
  policy_packs: policyPacksSchema,
  tool_policies: toolPoliciesSchema.prefault({}).describe("Rules on actions."),
  mcp_gateway: mcpGatewaySchema,
  approval_integrations: approvalIntegrationsSchema,
  approvals: approvalsSchema,
  evidence: evidenceSchema,
  policies: policiesSchema,
  providers: providersSchema,
  routes: routesSchema,
  rate_limit: rateLimitSchema,
  aliases: aliasesSchema,
  transform: transformSchema,
  cache: cacheSchema,
  load_shed: loadShedSchema,
  websocket: websocketSchema,
  messages_api: messagesApiSchema,
  budgets: budgetsSchema,
  cost_optimization: costOptimizationSchema,
  analytics: analyticsSchema,
  eval: evalSchema,
  telemetry: telemetrySchema,
  webhook: webhookSchema,
  database: databaseSchema,
  federation: federationSchema,
  credentials: credentialsSchema,
  capability: capabilitySchema,
  behavioral: behavioralSchema,
  resilience: resilienceSchema,
  shell_gate: shellGateSchema,
  sql_gate: sqlGateSchema,
  github_gate: githubGateSchema,
  http_gate: httpGateSchema,
  sandbox: sandboxSchema,
  resource_policies: resourcePoliciesSchema,
  manifests: manifestsSchema,
  identity: identitySchema,
  supply_chain: supplyChainSchema,
};

const plainConfigSchema = z.strictObject(configFields);
export type AegisConfig = z.output<typeof plainConfigSchema>;
export type AegisConfigInput = z.input<typeof plainConfigSchema>;

/** The one schema of the YAML file. Printing what it gives and parsing that again gives the same. */
export const configSchema = plainConfigSchema.superRefine((config, context) => {
  for (const { path, message } of [...portProblems(config), ...exposureProblems(config), ...policyProblems(config)]) {
    context.addIssue({ code: "custom", path, message });
  }
});

interface CrossProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Two listeners on one port. 0 stands for a free port and may repeat. */
function portProblems({ server, mcp_gateway }: AegisConfig): CrossProblem[] {
  const listeners = [
    { path: ["server", "port"], port: server.port },
    { path: ["server", "admin_port"], port: server.admin_port },
    ...(mcp_gateway.enabled ? [{ path: ["mcp_gateway", "port"], port: mcp_gateway.port }] : []),
  ];
  return listeners.flatMap(({ path, port }, index) => {
    const other = listeners.slice(0, index).find((earlier) => earlier.port === port && port !== 0);
    if (other === undefined) return [];
    return [{ path, message: `port ${port} is already used by ${other.path.join(".")}; choose another` }];
  });
}

/** Nothing that others can reach without a key: a listener off loopback needs authentication that is configured. */
function exposureProblems({ server, mcp_gateway, tenants }: AegisConfig): CrossProblem[] {
  const problems: CrossProblem[] = [];
  const mcpExposed = mcp_gateway.enabled && !isLoopbackHost(mcp_gateway.host);
  if (tenants.length === 0 && !isLoopbackHost(server.host)) problems.push(unguarded(["server", "host"], server.host));
  if (mcpExposed && !mcp_gateway.require_auth) {
    const message = `\`${mcp_gateway.host}\` is reachable from other machines and require_auth is false; set require_auth to true or host to 127.0.0.1`;
    problems.push({ path: ["mcp_gateway", "require_auth"], message });
  } else if (mcpExposed && tenants.length === 0) problems.push(unguarded(["mcp_gateway", "host"], mcp_gateway.host));
  return problems;
}

function unguarded(path: string[], host: string): CrossProblem {
  const message = `\`${host}\` is reachable from other machines and no authentication is configured; add a tenant with api_keys or set host to 127.0.0.1`;
  return { path, message };
}

function policyProblems({ policy_packs, tool_policies }: AegisConfig): CrossProblem[] {
  const repeated = policy_packs.flatMap((name, index) => {
    if (policy_packs.indexOf(name) === index) return [];
    return [{ path: ["policy_packs", index], message: `pack \`${name}\` is named twice; remove one` }];
  });
  if (tool_policies.enabled || policy_packs.length === 0) return repeated;
  const message =
    "policy_packs names packs, which `enabled: false` would switch off; set it to true or remove the packs";
  return [...repeated, { path: ["tool_policies", "enabled"], message }];
}

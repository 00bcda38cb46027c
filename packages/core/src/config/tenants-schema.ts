/** Who may use the product: `tenants` and their API keys. Messages keep the wording of the reference product. */
import { z } from "zod";
import { ROLES } from "../identity/principal.ts";
import { blankableSchema } from "./field-types.ts";

/** Most tenants, and most keys of one tenant. */
export const TENANTS_MAX = 10_000;
export const KEYS_PER_TENANT_MAX = 1_000;
/** Tenant that the product's own records belong to. */
export const SYSTEM_TENANT = "system";

const keyObjectSchema = z.strictObject({
  key: blankableSchema
    .optional()
    .describe("The key itself; better a variable or `key_env`, so that it is not in the file."),
  key_env: blankableSchema
    .optional()
    .describe("Name of the environment variable that holds the key. Unset or empty stops the load."),
  role: z
    .enum(ROLES, { error: ({ input }) => `role "${String(input)}" must be one of viewer, operator, admin, agent` })
    .default("operator")
    .describe("`agent` may use gates, `viewer` look, `operator` also decide reviews, `admin` everything."),
  actor: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/, "a key's actor is 1 to 100 letters, digits and . _ @ -")
    .optional()
    .describe(
      "Who holds the key, as rules (`actor`), approvals and evidence name it. Default: derived from the key's digest.",
    ),
});
export type ApiKeyConfig = z.output<typeof keyObjectSchema>;

const apiKeySchema = z
  .union([z.string(), keyObjectSchema])
  .transform((entry): ApiKeyConfig => (typeof entry === "string" ? { key: entry, role: "operator" } : entry))
  .describe("A plain text is a key with role operator.");

const promptTextSchema = z.strictObject({
  system_prompt_prefix: blankableSchema.optional().describe("Text put before the system prompt."),
  system_prompt_suffix: blankableSchema.optional().describe("Text put after the system prompt."),
  default_system_prompt: blankableSchema.optional().describe("System prompt of requests that have none."),
});

const tenantSchema = z.strictObject({
  id: z.string().max(64).describe("Unique name, in evidence and rules. Letters, digits and . _ -; required."),
  name: blankableSchema.default("").describe("Name for people. Default: empty."),
  api_keys: z
    .array(apiKeySchema)
    .max(KEYS_PER_TENANT_MAX)
    .describe("Keys of the tenant; at least one, unique over all tenants."),
  rate_limit: z
    .strictObject({
      requests_per_minute: z.int().optional().describe("Model requests per minute. 0 means no limit."),
      tokens_per_minute: z.int().optional().describe("Model tokens per minute. 0 means no limit."),
    })
    .optional()
    .describe("Limits on model calls."),
  allowed_models: z.array(blankableSchema).optional().describe("Models the tenant may call."),
  transform: promptTextSchema.optional().describe("Changes to the tenant's prompts."),
});
export type TenantConfig = z.output<typeof tenantSchema>;

interface Complaint {
  readonly path: (string | number)[];
  readonly message: string;
}

export const tenantsSchema = z
  .array(tenantSchema)
  .max(TENANTS_MAX)
  .default([])
  .superRefine((tenants, context) => {
    for (const { path, message } of complaints(tenants)) context.addIssue({ code: "custom", path, message });
  })
  .describe("Tenants and their API keys. Default: none; the keys made at the first start still work.");

function complaints(tenants: readonly TenantConfig[]): Complaint[] {
  const ids = new Set<string>();
  const keyOwners = new Map<string, string>();
  const actors = new Set<string>();
  return tenants.flatMap((tenant, index) => [
    ...idComplaints(tenant, index, ids),
    ...limitComplaints(tenant, index),
    ...tenant.api_keys.flatMap((entry, at) =>
      keyComplaints(tenant, entry, [index, "api_keys", at], { keyOwners, actors }),
    ),
  ]);
}

function idComplaints({ id, api_keys }: TenantConfig, index: number, ids: Set<string>): Complaint[] {
  const found: Complaint[] = [];
  const say = (message: string): void => void found.push({ path: [index, "id"], message });
  if (id === "") say(`tenants[${index}]: tenant id must not be empty; name the tenant`);
  else if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id))
    say(`tenant id \`${id}\` is not usable; use letters, digits and . _ -`);
  else if (id === SYSTEM_TENANT) say(`tenant id \`${id}\` is reserved for the product's own records; choose another`);
  else if (ids.has(id)) say(`duplicate tenant id "${id}"; rename one of the two tenants`);
  ids.add(id);
  if (api_keys.length === 0) {
    found.push({
      path: [index, "api_keys"],
      message: `tenant "${id}": api_keys must not be empty; add a key or remove the tenant`,
    });
  }
  return found;
}

function limitComplaints({ rate_limit = {} }: TenantConfig, index: number): Complaint[] {
  return (["requests_per_minute", "tokens_per_minute"] as const)
    .filter((key) => (rate_limit[key] ?? 0) < 0)
    .map((key) => ({ path: [index, "rate_limit", key], message: `${key} must not be negative; write 0 for no limit` }));
}

interface SeenKeys {
  readonly keyOwners: Map<string, string>;
  readonly actors: Set<string>;
}

function keyComplaints(
  { id }: TenantConfig,
  entry: ApiKeyConfig,
  path: (string | number)[],
  seen: SeenKeys,
): Complaint[] {
  const where = `tenant "${id}" api_keys[${path[2]}]`;
  const problem = keyProblem(entry);
  if (problem !== undefined) return [{ path: [...path, ...problem.at], message: `${where}: ${problem.message}` }];
  const key = entry.key?.trim() ?? "";
  const owner = seen.keyOwners.get(key);
  const found: Complaint[] = [];
  if (key !== "" && owner !== undefined) {
    found.push({
      path,
      message: `${where}: duplicate api key already used by tenant "${owner}"; give every key one entry`,
    });
  }
  if (key !== "") seen.keyOwners.set(key, id);
  if (entry.actor !== undefined && seen.actors.has(entry.actor)) {
    found.push({
      path: [...path, "actor"],
      message: `${where}: actor \`${entry.actor}\` already has a key; rename one of them`,
    });
  }
  if (entry.actor !== undefined) seen.actors.add(entry.actor);
  return found;
}

interface KeyProblem {
  readonly at: readonly string[];
  readonly message: string;
}

function keyProblem({ key, key_env }: ApiKeyConfig): KeyProblem | undefined {
  const hasKey = key !== undefined && key.trim() !== "";
  const hasEnv = key_env !== undefined && key_env.trim() !== "";
  if (hasKey && hasEnv) return { at: ["key_env"], message: "specify either key or key_env, not both" };
  if (!hasKey && !hasEnv) return { at: [], message: "key must not be empty; write key or key_env" };
  if (hasKey && /\s/.test(key.trim()))
    return { at: ["key"], message: "key holds white space, which no header can carry; make a new key" };
  return undefined;
}

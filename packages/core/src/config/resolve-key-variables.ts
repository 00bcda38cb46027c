/** Fills in `key_env` of API keys, and refuses what only shows then: unset or empty variables and repeated keys. */
import type { Role } from "../identity/principal.ts";
import type { AegisConfig } from "./config-schema.ts";
import type { Environment } from "./expand-variables.ts";
import { formatKeyPath, type KeyPath } from "./key-path.ts";
import type { ApiKeyConfig } from "./tenants-schema.ts";

interface Problem {
  readonly path: KeyPath;
  readonly message: string;
}

export interface ResolvedKeys {
  readonly config: AegisConfig;
  /** What stood in the file, as `${VAR}`, by key path. */
  readonly unexpanded: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** Every API key of the result has `key`, trimmed, and no `key_env`. */
export function resolveKeyVariables(config: AegisConfig, env: Environment): ResolvedKeys {
  const unexpanded: Record<string, string> = {};
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  const resolveOne = (tenant: string, entry: ApiKeyConfig, path: KeyPath): ApiKeyConfig => {
    const { key_env, ...rest } = entry;
    const variable = key_env?.trim() ?? "";
    const key = (variable === "" ? entry.key : env[variable])?.trim() ?? "";
    const problem = keyProblem({ tenant, at: String(path.at(-1)), key, variable, owner: owners.get(key) });
    if (problem !== undefined) problems.push({ path, message: problem });
    else owners.set(key, tenant);
    if (variable !== "") unexpanded[formatKeyPath([...path, "key"])] = `\${${variable}}`;
    return { ...rest, key };
  };
  const tenants = config.tenants.map((tenant, index) => ({
    ...tenant,
    api_keys: tenant.api_keys.map((entry, at) => resolveOne(tenant.id, entry, ["tenants", index, "api_keys", at])),
  }));
  return { config: { ...config, tenants }, unexpanded, problems };
}

interface Candidate {
  readonly tenant: string;
  readonly at: string;
  readonly key: string;
  readonly variable: string;
  readonly owner: string | undefined;
}

function keyProblem({ tenant, at, key, variable, owner }: Candidate): string | undefined {
  const where = `tenant "${tenant}" api_keys[${at}]`;
  if (key === "") return `${where}: environment variable "${variable}" is not set; set it to the key before the start`;
  if (/\s/.test(key)) return `${where}: the key holds white space, which no header can carry; make a new key`;
  if (owner === undefined) return undefined;
  return `${where}: duplicate api key already used by tenant "${owner}"; give every key one entry`;
}

/** One API key of the file, as the server takes it in. */
export interface ConfiguredKey {
  readonly tenant: string;
  readonly tenantName: string;
  readonly key: string;
  readonly role: Role;
  /** Who holds it; absent when the file does not say. */
  readonly actor?: string;
}

/** All API keys of a parsed configuration, in file order. */
export function configuredKeys({ tenants }: AegisConfig): ConfiguredKey[] {
  return tenants.flatMap(({ id, name, api_keys }) =>
    api_keys.map(({ key = "", role, actor }) => {
      const base = { tenant: id, tenantName: name, key, role };
      return actor === undefined ? base : { ...base, actor };
    }),
  );
}

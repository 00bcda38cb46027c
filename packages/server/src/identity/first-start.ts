/**
 * The first start: an administrator's key, whose secret is given back once to be shown and is kept nowhere, and an
 * agent's key, which is also written to `<data>/agent.key` for the agent's own configuration. Later starts do nothing.
 * A lost administrator key is replaced by whoever may write the data folder.
 */
import { join } from "node:path";
import { DEFAULT_TENANT, type Role } from "@aegisflow/core/identity/principal";
import type { ApiKeyRow } from "./api-key-store.ts";
import type { ApiKeysPorts } from "./api-keys.ts";
import { writeSecretFile } from "./data-folder.ts";
import { keyRecord } from "./key-records.ts";
import { createKeySecret } from "./key-secret.ts";

export const AGENT_KEY_FILE = "agent.key";
const ADMIN_ID = "admin";
const AGENT_ID = "agent";

export interface FirstKeys {
  /** To be shown once. */
  readonly adminKey: string;
  readonly agentKeyFile: string;
}

/** Undefined when keys were made before. */
export async function createFirstKeys(ports: ApiKeysPorts, dataFolder: string): Promise<FirstKeys | undefined> {
  if (ports.store.get(ADMIN_ID) !== undefined) return undefined;
  const agentKeyFile = join(dataFolder, AGENT_KEY_FILE);
  if (ports.store.get(AGENT_ID) === undefined) {
    const secret = createKeySecret("agent", ports.sources.random);
    // The file first: if the process dies now, the next start writes both again.
    writeSecretFile(agentKeyFile, `${secret}\n`);
    await insertFirst(ports, AGENT_ID, "agent", secret);
  }
  const adminKey = createKeySecret("admin", ports.sources.random);
  await insertFirst(ports, ADMIN_ID, "admin", adminKey);
  return { adminKey, agentKeyFile };
}

/** A new secret for the first administrator, for an operator who has lost it and owns the data folder. */
export async function replaceAdminKey(ports: ApiKeysPorts): Promise<string> {
  const secret = createKeySecret("admin", ports.sources.random);
  const known = ports.store.get(ADMIN_ID);
  const isRotated = known !== undefined && known.revokedAtMs === undefined;
  const row = isRotated ? known : firstRow(ports, `${ADMIN_ID}-${ports.sources.clock.nowMs()}`, "admin", secret);
  await ports.evidence.append(keyRecord(isRotated ? "key.rotate" : "key.create", row, "system", ports.pseudonymOf));
  if (isRotated) ports.store.rotate(row.id, ports.hashKey(secret), ports.sources.clock.nowMs());
  else ports.store.insert(row);
  return secret;
}

async function insertFirst(ports: ApiKeysPorts, id: string, role: Role, secret: string): Promise<void> {
  const row = firstRow(ports, id, role, secret);
  await ports.evidence.append(keyRecord("key.first-start", row, "system", ports.pseudonymOf));
  ports.store.insert(row);
}

function firstRow(ports: ApiKeysPorts, id: string, role: Role, secret: string): ApiKeyRow {
  return {
    id,
    hash: ports.hashKey(secret),
    name: role === "admin" ? "first administrator" : "first agent",
    tenant: DEFAULT_TENANT,
    role,
    createdAtMs: ports.sources.clock.nowMs(),
  };
}

/** API keys: the hash only, never the key. Revoked keys stay, so that old records can still name them. */
import type { Migration } from "./migrations.ts";

export const apiKeysMigration: Migration = {
  number: 2,
  name: "api-keys",
  sql: `
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  tenant TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('agent', 'viewer', 'operator', 'admin')),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER,
  previous_hash TEXT UNIQUE,
  previous_until_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_by_tenant ON api_key (tenant, created_at_ms, id);
`,
};

/** Applied configurations, and the counter that keeps version numbers from being used twice. */
import type { Migration } from "./migrations.ts";

export const configVersionsMigration: Migration = {
  number: 4,
  name: "config-versions",
  sql: `
CREATE TABLE config_version (
  version INTEGER PRIMARY KEY,
  policy_hash TEXT NOT NULL,
  config_hash TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('initial', 'reload', 'rollback')),
  applied_at_ms INTEGER NOT NULL,
  file TEXT,
  file_digest TEXT NOT NULL,
  text TEXT NOT NULL,
  packs_json TEXT NOT NULL,
  policy_json TEXT NOT NULL,
  leaf TEXT NOT NULL,
  by_principal TEXT,
  reason TEXT,
  rolled_back_to INTEGER
) STRICT;
CREATE TABLE config_version_counter (only INTEGER PRIMARY KEY CHECK (only = 1), reserved INTEGER NOT NULL) STRICT;
INSERT INTO config_version_counter (only, reserved) VALUES (1, 0);
`,
};

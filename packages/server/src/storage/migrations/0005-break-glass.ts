/** Break-glass grants; see configuration/break-glass-store.ts. */
import type { Migration } from "./migrations.ts";

export const breakGlassMigration: Migration = {
  number: 5,
  name: "break-glass",
  sql: `
CREATE TABLE break_glass (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  granted_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  granted_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_by TEXT,
  leaf TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX break_glass_by_time ON break_glass (granted_at_ms, id);
`,
};

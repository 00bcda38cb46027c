/** What the evidence log had signed last; see evidence-log/anchor-store.ts. */
import type { Migration } from "./migrations.ts";

export const evidenceAnchorMigration: Migration = {
  number: 6,
  name: "evidence-anchor",
  sql: `
CREATE TABLE evidence_anchor (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
};

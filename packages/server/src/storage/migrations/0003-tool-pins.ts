/** Remembered tool definitions; see gates/mcp/tool-pin-store.ts. */
import type { Migration } from "./migrations.ts";

export const toolPinsMigration: Migration = {
  number: 3,
  name: "tool-pins",
  sql: `
CREATE TABLE tool_pin (
  upstream TEXT NOT NULL,
  tool TEXT NOT NULL,
  accepted_hash TEXT NOT NULL,
  accepted_json TEXT NOT NULL,
  seen_hash TEXT NOT NULL,
  seen_json TEXT NOT NULL,
  findings_json TEXT NOT NULL,
  first_seen_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  accepted_at_ms INTEGER,
  accepted_by TEXT,
  PRIMARY KEY (upstream, tool)
) STRICT, WITHOUT ROWID;
`,
};

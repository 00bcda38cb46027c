/** Tool pins in the embedded database. */
import type { ToolPinRow, ToolPinStore } from "../../gates/mcp/tool-pin-store.ts";
import type { SqliteDatabase, SqlRow } from "../../runtime/runtime.ts";

const COLUMNS =
  "upstream, tool, accepted_hash, accepted_json, seen_hash, seen_json, findings_json, first_seen_at_ms, changed_at_ms, accepted_at_ms, accepted_by";

export function createEmbeddedToolPinStore(database: SqliteDatabase): ToolPinStore {
  return {
    get(upstream, tool) {
      const row = database.get(`SELECT ${COLUMNS} FROM tool_pin WHERE upstream = ? AND tool = ?`, upstream, tool);
      return row === undefined ? undefined : toPin(row);
    },
    put(row) {
      database.run(
        `INSERT OR REPLACE INTO tool_pin (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        row.upstream,
        row.tool,
        row.acceptedHash,
        row.acceptedJson,
        row.seenHash,
        row.seenJson,
        row.findingsJson,
        row.firstSeenAtMs,
        row.changedAtMs,
        row.acceptedAtMs ?? null,
        row.acceptedBy ?? null,
      );
    },
    list({ after, limit }) {
      const rows = database.all(
        `SELECT ${COLUMNS} FROM tool_pin WHERE (upstream, tool) > (?, ?) ORDER BY upstream, tool LIMIT ?`,
        after?.upstream ?? "",
        after?.tool ?? "",
        limit,
      );
      return rows.map(toPin);
    },
    count: () => Number(database.get("SELECT count(*) AS pins FROM tool_pin")?.["pins"] ?? 0),
  };
}

function toPin(row: SqlRow): ToolPinRow {
  const acceptedAtMs = row["accepted_at_ms"];
  const acceptedBy = row["accepted_by"];
  return {
    upstream: String(row["upstream"]),
    tool: String(row["tool"]),
    acceptedHash: String(row["accepted_hash"]),
    acceptedJson: String(row["accepted_json"]),
    seenHash: String(row["seen_hash"]),
    seenJson: String(row["seen_json"]),
    findingsJson: String(row["findings_json"]),
    firstSeenAtMs: Number(row["first_seen_at_ms"]),
    changedAtMs: Number(row["changed_at_ms"]),
    ...(acceptedAtMs === null ? {} : { acceptedAtMs: Number(acceptedAtMs) }),
    ...(acceptedBy === null ? {} : { acceptedBy: String(acceptedBy) }),
  };
}

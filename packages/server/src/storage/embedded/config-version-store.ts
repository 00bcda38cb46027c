/** Configuration versions in the embedded database. */
import type {
  ConfigVersionRow,
  ConfigVersionSource,
  ConfigVersionStore,
} from "../../configuration/config-version-store.ts";
import type { SqliteDatabase, SqlRow } from "../../runtime/runtime.ts";

const COLUMNS =
  "version, policy_hash, config_hash, source, applied_at_ms, file, file_digest, text, packs_json, policy_json, leaf, by_principal, reason, rolled_back_to";
const INSERT = `INSERT INTO config_version (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const FORGET = `DELETE FROM config_version WHERE version <= (
  SELECT version FROM config_version ORDER BY version DESC LIMIT 1 OFFSET ?)`;

export function createEmbeddedConfigVersionStore(database: SqliteDatabase): ConfigVersionStore {
  return {
    reserve() {
      const row = database.get(
        "UPDATE config_version_counter SET reserved = reserved + 1 WHERE only = 1 RETURNING reserved",
      );
      return Number(row?.["reserved"]);
    },
    insert(row, keepMax) {
      database.transaction(() => {
        database.run(
          INSERT,
          row.version,
          row.policyHash,
          row.configHash,
          row.source,
          row.appliedAtMs,
          row.file ?? null,
          row.fileDigest,
          row.text,
          row.packsJson,
          row.policyJson,
          row.leaf,
          row.by ?? null,
          row.reason ?? null,
          row.rolledBackTo ?? null,
        );
        database.run(FORGET, keepMax);
      });
    },
    get: (version) => toVersion(database.get(`SELECT ${COLUMNS} FROM config_version WHERE version = ?`, version)),
    latest: () => toVersion(database.get(`SELECT ${COLUMNS} FROM config_version ORDER BY version DESC LIMIT 1`)),
    list({ before = Number.MAX_SAFE_INTEGER, limit }) {
      const sql = `SELECT ${COLUMNS} FROM config_version WHERE version < ? ORDER BY version DESC LIMIT ?`;
      return database.all(sql, before, limit).flatMap((row) => toVersion(row) ?? []);
    },
  };
}

function toVersion(row: SqlRow | undefined): ConfigVersionRow | undefined {
  if (row === undefined) return undefined;
  return {
    version: Number(row["version"]),
    policyHash: String(row["policy_hash"]),
    configHash: String(row["config_hash"]),
    source: toSource(String(row["source"])),
    appliedAtMs: Number(row["applied_at_ms"]),
    ...(row["file"] === null ? {} : { file: String(row["file"]) }),
    fileDigest: String(row["file_digest"]),
    text: String(row["text"]),
    packsJson: String(row["packs_json"]),
    policyJson: String(row["policy_json"]),
    leaf: String(row["leaf"]),
    ...(row["by_principal"] === null ? {} : { by: String(row["by_principal"]) }),
    ...(row["reason"] === null ? {} : { reason: String(row["reason"]) }),
    ...(row["rolled_back_to"] === null ? {} : { rolledBackTo: Number(row["rolled_back_to"]) }),
  };
}

function toSource(text: string): ConfigVersionSource {
  return text === "rollback" || text === "initial" ? text : "reload";
}

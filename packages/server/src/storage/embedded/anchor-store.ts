/** The evidence log's anchor in the embedded database. */
import type { AnchorStore } from "../../evidence-log/anchor-store.ts";
import type { SqliteDatabase } from "../../runtime/runtime.ts";

const SAVE = `INSERT INTO evidence_anchor (origin, size, root) VALUES (?, ?, ?)
  ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root WHERE excluded.size > size`;

export function createEmbeddedAnchorStore(database: SqliteDatabase): AnchorStore {
  return {
    last(origin) {
      const row = database.get("SELECT size, root FROM evidence_anchor WHERE origin = ?", origin);
      return row === undefined ? undefined : { origin, size: Number(row["size"]), root: String(row["root"]) };
    },
    save({ origin, size, root }) {
      database.run(SAVE, origin, size, root);
    },
  };
}

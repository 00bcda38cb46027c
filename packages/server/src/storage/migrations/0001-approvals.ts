/** Approvals, with the indexes their questions need and a counter that makes the queue limit cheap to check. */
import type { Migration } from "./migrations.ts";

export const approvalsMigration: Migration = {
  number: 1,
  name: "approvals",
  sql: `
CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  sid TEXT NOT NULL,
  requester TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  policy_hash TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'consumed', 'cancelled')),
  submitted_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  envelope_json TEXT NOT NULL,
  decision_json TEXT NOT NULL,
  decision_leaf TEXT NOT NULL,
  request_leaf TEXT NOT NULL,
  reviewed_at_ms INTEGER,
  reviewer TEXT,
  comment TEXT,
  vote_leaf TEXT,
  consumed_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX approval_one_pending ON approval (tenant, requester, fingerprint, policy_hash) WHERE status = 'pending';
CREATE INDEX approval_by_action ON approval (tenant, requester, fingerprint, status);
CREATE INDEX approval_by_status ON approval (status, submitted_at_ms, id);
CREATE INDEX approval_by_tenant ON approval (tenant, status, submitted_at_ms, id);
CREATE INDEX approval_by_requester ON approval (tenant, requester, status, submitted_at_ms, id);
CREATE INDEX approval_due ON approval (expires_at_ms, id) WHERE status IN ('pending', 'approved');
CREATE TABLE approval_pending_count (
  tenant TEXT NOT NULL,
  requester TEXT NOT NULL,
  pending INTEGER NOT NULL,
  PRIMARY KEY (tenant, requester)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER approval_counted AFTER INSERT ON approval WHEN new.status = 'pending' BEGIN
  INSERT INTO approval_pending_count (tenant, requester, pending) VALUES (new.tenant, new.requester, 1)
    ON CONFLICT DO UPDATE SET pending = pending + 1;
  INSERT INTO approval_pending_count (tenant, requester, pending) VALUES (new.tenant, '', 1)
    ON CONFLICT DO UPDATE SET pending = pending + 1;
END;
CREATE TRIGGER approval_uncounted AFTER UPDATE OF status ON approval WHEN old.status = 'pending' AND new.status <> 'pending' BEGIN
  UPDATE approval_pending_count SET pending = pending - 1 WHERE tenant = new.tenant AND requester IN ('', new.requester);
  DELETE FROM approval_pending_count WHERE tenant = new.tenant AND requester = new.requester AND pending = 0;
END;
`,
};

/** What every approval store must do; run over each adapter by approval-store.test.ts. */
import { describe, expect, test } from "bun:test";
import type { ApprovalRow, ApprovalStore, Settlement } from "../approvals/approval-store.ts";

const NOW = 1_000_000;

export function pendingRow(id: string, changes: Partial<ApprovalRow> = {}): ApprovalRow {
  return {
    id,
    tenant: "t1",
    sid: "s1",
    requester: "agent-1",
    fingerprint: `fp-${id}`,
    policyHash: "sha256:p1",
    status: "pending",
    submittedAtMs: NOW,
    expiresAtMs: NOW + 1000,
    envelopeJson: '{"ü":1}',
    decisionJson: "{}",
    decisionLeaf: "d".repeat(64),
    requestLeaf: "e".repeat(64),
    ...changes,
  };
}

const approval = (changes: Partial<Settlement> = {}): Settlement => ({
  to: "approved",
  atMs: NOW + 1,
  reviewer: "boss",
  comment: "fine",
  voteLeaf: "f".repeat(64),
  ...changes,
});

const keyOf = (row: ApprovalRow, atMs = NOW + 2) => ({
  tenant: row.tenant,
  requester: row.requester,
  fingerprint: row.fingerprint,
  policyHash: row.policyHash,
  atMs,
});

export function approvalStoreContract(label: string, open: () => ApprovalStore): void {
  describe(`approval store: ${label}`, () => {
    test("a row comes back as it went in", () => {
      const store = open();
      const row = pendingRow("a");
      expect(store.insertPending(row, 10)).toEqual({ kind: "inserted", row });
      expect(store.get("a")).toEqual(row);
      expect(store.get("b")).toBeUndefined();
    });

    test("an identical pending request is found, not doubled", () => {
      const store = open();
      const row = pendingRow("a", { fingerprint: "same" });
      store.insertPending(row, 10);
      expect(store.insertPending(pendingRow("b", { fingerprint: "same" }), 10)).toEqual({ kind: "existing", row });
      expect(store.findPending(keyOf(row))).toEqual(row);
      for (const other of [{ tenant: "t2" }, { requester: "x" }, { policyHash: "sha256:p2" }]) {
        const id = JSON.stringify(other);
        expect(store.insertPending(pendingRow(id, { fingerprint: "same", ...other }), 10).kind).toBe("inserted");
      }
    });

    test("the queue of a tenant is full at its limit, and has room again after a settlement", () => {
      const store = open();
      store.insertPending(pendingRow("a"), 2);
      store.insertPending(pendingRow("b", { requester: "agent-2" }), 2);
      expect(store.insertPending(pendingRow("c"), 2)).toEqual({ kind: "full" });
      expect(store.insertPending(pendingRow("d", { tenant: "t2" }), 2).kind).toBe("inserted");
      expect([store.countPending("t1"), store.countPending("t1", "agent-2"), store.countPending("t9")]).toEqual([
        2, 1, 0,
      ]);
      expect(store.countPending()).toBe(3);
      store.settle("b", approval({ to: "denied" }));
      expect([store.countPending("t1"), store.countPending("t1", "agent-2")]).toEqual([1, 0]);
      expect(store.insertPending(pendingRow("c"), 2).kind).toBe("inserted");
    });

    test("a pending row is settled once, and keeps who, when and why", () => {
      const store = open();
      store.insertPending(pendingRow("a"), 10);
      expect(store.settle("a", approval({ expiresAtMs: NOW + 5000 }))).toMatchObject({
        status: "approved",
        reviewedAtMs: NOW + 1,
        reviewer: "boss",
        comment: "fine",
        voteLeaf: "f".repeat(64),
        expiresAtMs: NOW + 5000,
      });
      expect(store.settle("a", approval({ to: "denied" }))).toBeUndefined();
      expect(store.settle("missing", approval())).toBeUndefined();
      expect(store.get("a")?.status).toBe("approved");
    });

    test("past its expiry a row can only expire", () => {
      const store = open();
      store.insertPending(pendingRow("a"), 10);
      const late = { atMs: NOW + 1000 };
      for (const to of ["approved", "denied", "cancelled"] as const) {
        expect(store.settle("a", approval({ to, ...late }))).toBeUndefined();
      }
      expect(store.settle("a", approval({ to: "expired", ...late }))?.status).toBe("expired");
    });

    test("an approval is consumed once, by its own action only", () => {
      const store = open();
      const row = pendingRow("a");
      store.insertPending(row, 10);
      expect(store.consume(keyOf(row))).toBeUndefined();
      store.settle("a", approval());
      for (const other of [{ tenant: "x" }, { requester: "x" }, { fingerprint: "x" }, { policyHash: "x" }]) {
        expect(store.consume({ ...keyOf(row), ...other })).toBeUndefined();
      }
      expect(store.consume(keyOf(row, NOW + 1000))).toBeUndefined();
      expect(store.consume(keyOf(row))).toMatchObject({ id: "a", status: "consumed", consumedAtMs: NOW + 2 });
      expect(store.consume(keyOf(row))).toBeUndefined();
    });

    test("an approval without the evidence of a vote is worth nothing", () => {
      const store = open();
      const row = pendingRow("a");
      store.insertPending(row, 10);
      const { voteLeaf: _leaf, ...withoutLeaf } = approval();
      store.settle("a", withoutLeaf);
      expect(store.consume(keyOf(row))).toBeUndefined();
    });

    test("the newest denial that still stands is found", () => {
      const store = open();
      const first = pendingRow("a", { fingerprint: "f" });
      store.insertPending(first, 10);
      store.settle("a", approval({ to: "denied", atMs: NOW + 1 }));
      store.insertPending(pendingRow("b", { fingerprint: "f" }), 10);
      store.settle("b", approval({ to: "denied", atMs: NOW + 5 }));
      const key = { tenant: "t1", requester: "agent-1", fingerprint: "f" };
      expect(store.latestDenial({ ...key, sinceMs: NOW })?.id).toBe("b");
      expect(store.latestDenial({ ...key, sinceMs: NOW + 6 })).toBeUndefined();
      expect(store.latestDenial({ ...key, requester: "x", sinceMs: NOW })).toBeUndefined();
    });

    test("lists are newest first, filtered, and continue where the page before ended", () => {
      const store = open();
      const ids = ["a", "b", "c", "d", "e"];
      for (const [index, id] of ids.entries()) {
        store.insertPending(
          pendingRow(id, { submittedAtMs: NOW + Math.floor(index / 2), expiresAtMs: NOW + 9999 }),
          10,
        );
      }
      store.settle("c", approval({ atMs: NOW + 3 }));
      store.insertPending(pendingRow("z", { tenant: "t2", requester: "other" }), 10);
      const listed = (query: Parameters<ApprovalStore["list"]>[0]) => store.list(query).map(({ id }) => id);
      expect(listed({ tenant: "t1", statuses: ["pending"], limit: 10 })).toEqual(["e", "d", "b", "a"]);
      expect(listed({ tenant: "t1", limit: 10 })).toEqual(["e", "d", "c", "b", "a"]);
      expect(listed({ tenant: "t1", limit: 2 })).toEqual(["e", "d"]);
      expect(listed({ tenant: "t1", limit: 2, before: { submittedAtMs: NOW + 1, id: "d" } })).toEqual(["c", "b"]);
      expect(listed({ statuses: ["approved", "denied"], limit: 10 })).toEqual(["c"]);
      expect(listed({ tenant: "t2", requester: "other", limit: 10 })).toEqual(["z"]);
      expect(listed({ tenant: "t1", requester: "other", limit: 10 })).toEqual([]);
    });

    test("what is due is found in order, and expires", () => {
      const store = open();
      store.insertPending(pendingRow("late", { expiresAtMs: NOW + 20 }), 10);
      store.insertPending(pendingRow("soon", { expiresAtMs: NOW + 10 }), 10);
      store.insertPending(pendingRow("open", { expiresAtMs: NOW + 99 }), 10);
      store.insertPending(pendingRow("denied", { expiresAtMs: NOW + 10 }), 10);
      store.settle("late", approval());
      store.settle("denied", approval({ to: "denied" }));
      expect(store.due(NOW + 20, 10).map(({ id }) => id)).toEqual(["soon", "late"]);
      expect(store.due(NOW + 20, 1).map(({ id }) => id)).toEqual(["soon"]);
      expect(store.expireApproved("soon", NOW + 20)).toBeUndefined();
      expect(store.expireApproved("late", NOW + 20)).toMatchObject({ status: "expired", reviewer: "boss" });
      expect(store.consume(keyOf(pendingRow("late")))).toBeUndefined();
    });

    test("only what can never change again is purged", () => {
      const store = open();
      for (const id of ["pending", "approved", "denied", "consumed", "new"]) {
        store.insertPending(pendingRow(id, { submittedAtMs: id === "new" ? NOW + 50 : NOW }), 10);
      }
      store.settle("approved", approval());
      store.settle("denied", approval({ to: "denied" }));
      store.settle("consumed", approval());
      store.settle("new", approval({ to: "denied" }));
      store.consume(keyOf(pendingRow("consumed")));
      expect(store.purge(NOW + 10, 1)).toBe(1);
      expect(store.purge(NOW + 10, 10)).toBe(1);
      expect(
        store
          .list({ limit: 10 })
          .map(({ id }) => id)
          .sort(),
      ).toEqual(["approved", "new", "pending"]);
    });
  });
}

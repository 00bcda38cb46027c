import { describe, expect, test } from "bun:test";
import { AegisError } from "@aegisflow/core/errors";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { EvidenceDraft } from "../governance/ports.ts";
import { createMemoryBreakGlassStore } from "../storage/memory/break-glass-store.ts";
import { BREAK_GLASS_MS_MAX, type BreakGlassGrants, openBreakGlass } from "./break-glass.ts";

const ADMIN: Principal = { id: "key-admin", name: "admin", role: "admin", tenant: "default" };
const REQUEST = { tenant: "t1", reason: "the engine is down", durationMs: 60_000 };

function setUp() {
  const store = createMemoryBreakGlassStore();
  const records: EvidenceDraft[] = [];
  const time = { wallMs: 1_000_000, monotonicMs: 0, evidenceIsDown: false };
  let ids = 0;
  const open = (): BreakGlassGrants =>
    openBreakGlass({
      store,
      clock: { nowMs: () => time.wallMs, monotonicMs: () => time.monotonicMs },
      ids: { next: () => `grant-${++ids}` },
      evidence: {
        append: async (draft) => {
          if (time.evidenceIsDown) throw new AegisError("unavailable", "down");
          records.push(draft);
          return { leaf: "00", seq: records.length, sid: draft.sid };
        },
      },
    });
  const pass = (ms: number): void => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  return { store, records, time, open, pass };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: AegisError) => error.code);

describe("a break-glass grant", () => {
  test("is recorded with who, why and until when, and holds until it ends", async () => {
    const { open, records, pass } = setUp();
    const grants = open();
    expect(grants.current("t1")).toBeUndefined();
    const row = await grants.grant(REQUEST, ADMIN);
    expect(records).toEqual([
      {
        tenant: "system",
        sid: "system",
        kind: "break-glass",
        p: { action: "grant", grant: "grant-1", tenant: "t1", until: "1970-01-01T00:17:40.000Z" },
        disclosures: { by: "key-admin", reason: "the engine is down" },
      },
    ]);
    expect(grants.current("t1")).toEqual({ id: row.id, expiresAtMs: 1_060_000 });
    expect(grants.current("t2")).toBeUndefined();
    pass(59_999);
    expect(grants.current("t1")).toBeDefined();
    pass(1);
    expect(grants.current("t1")).toBeUndefined();
  });

  test("survives a restart", async () => {
    const { open, pass } = setUp();
    const { id } = await open().grant(REQUEST, ADMIN);
    pass(30_000);
    const again = open();
    expect(again.current("t1")).toEqual({ id, expiresAtMs: 1_060_000 });
    pass(30_000);
    expect(again.current("t1")).toBeUndefined();
  });

  test("is not prolonged by a wall clock that is set back", async () => {
    const { open, time } = setUp();
    const grants = open();
    await grants.grant(REQUEST, ADMIN);
    time.monotonicMs += 60_000;
    time.wallMs -= 500_000;
    expect(grants.current("t1")).toBeUndefined();
  });

  test("ends when it is revoked, once", async () => {
    const { open, records } = setUp();
    const grants = open();
    const { id } = await grants.grant(REQUEST, ADMIN);
    expect(await grants.revoke(id, ADMIN)).toMatchObject({ id, revokedBy: "key-admin" });
    expect(grants.current("t1")).toBeUndefined();
    expect(open().current("t1")).toBeUndefined();
    expect(records.at(-1)).toMatchObject({ p: { action: "revoke", grant: id, tenant: "t1" }, ref: { grant: "00" } });
    expect(await codeOf(grants.revoke(id, ADMIN))).toBe("conflict");
    expect(await codeOf(grants.revoke("grant-9", ADMIN))).toBe("not-found");
  });

  test("needs an admin, a reason, a tenant, at most an hour, and no other grant", async () => {
    const { open } = setUp();
    const grants = open();
    expect(await codeOf(grants.grant(REQUEST, { ...ADMIN, role: "operator" }))).toBe("forbidden");
    expect(await codeOf(grants.grant({ ...REQUEST, reason: " " }, ADMIN))).toBe("invalid-input");
    expect(await codeOf(grants.grant({ ...REQUEST, tenant: "" }, ADMIN))).toBe("invalid-input");
    expect(await codeOf(grants.grant({ ...REQUEST, durationMs: BREAK_GLASS_MS_MAX + 1 }, ADMIN))).toBe("invalid-input");
    expect(await codeOf(grants.grant({ ...REQUEST, durationMs: Number.NaN }, ADMIN))).toBe("invalid-input");
    const results = await Promise.all([1, 2, 3].map(() => codeOf(grants.grant(REQUEST, ADMIN))));
    expect(results.filter((result) => result === "conflict")).toHaveLength(2);
    expect(await codeOf(grants.revoke("grant-1", { ...ADMIN, role: "operator" }))).toBe("forbidden");
  });

  test("that cannot be recorded does not hold", async () => {
    const { open, time, store } = setUp();
    const grants = open();
    time.evidenceIsDown = true;
    expect(await codeOf(grants.grant(REQUEST, ADMIN))).toBe("unavailable");
    expect(grants.current("t1")).toBeUndefined();
    expect(store.list({ limit: 9 })).toEqual([]);
    time.evidenceIsDown = false;
    const { id } = await grants.grant(REQUEST, ADMIN);
    time.evidenceIsDown = true;
    expect(await codeOf(grants.revoke(id, ADMIN))).toBe("unavailable");
    expect(grants.current("t1")).toBeUndefined();
  });
});

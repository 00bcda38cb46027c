import { describe, expect, test } from "bun:test";
import { type ActionEnvelope, AegisError, type Decision, sealEnvelope } from "@aegisflow/core";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { Clock, EvidenceDraft, EvidencePort } from "../governance/ports.ts";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { createEmbeddedApprovalStore } from "../storage/embedded/approval-store.ts";
import { openDatabase } from "../storage/embedded/database.ts";
import { createMemoryApprovalStore } from "../storage/memory/approval-store.ts";
import type { ApprovalStore } from "./approval-store.ts";
import { type ApprovalLimits, createApprovals, createPseudonyms, DEFAULT_APPROVAL_LIMITS } from "./approvals.ts";

const DECISION_LEAF = "d".repeat(64);
const DECISION: Decision = {
  decision: "review",
  engine: "tool-rules",
  rule: "pr-writer/3",
  reason: "pull requests need a person",
  policy_hash: "sha256:p1",
  policy_version: 1,
  trace: [],
  latency_us: 3,
};

const person = (id: string, role: Principal["role"] = "operator", tenant = "default"): Principal => ({
  id,
  name: id,
  role,
  tenant,
});
const BOSS = person("boss");
const AGENT = person("agent-1", "agent");

/** Time moves when the test says so; sleepers wake when their moment comes. */
function createTestClock(): Clock & { advance(ms: number): void } {
  let nowMs = 1_700_000_000_000;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => nowMs,
    nowIso: () => new Date(nowMs).toISOString(),
    monotonicMs: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { atMs: nowMs + delayMs, wake: resolve };
        sleepers.add(sleeper);
        const stop = (): void => reject(new AegisError("cancelled", "the wait was cancelled"));
        if (signal.aborted) return stop();
        signal.addEventListener("abort", stop, { once: true });
      }),
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.atMs <= nowMs) sleeper.wake();
    },
  };
}

function createRecordedEvidence(): EvidencePort & { readonly records: EvidenceDraft[]; failing: boolean } {
  const records: EvidenceDraft[] = [];
  return {
    records,
    failing: false,
    async append(draft) {
      await Promise.resolve();
      if (this.failing) throw new AegisError("unavailable", "evidence store is down");
      records.push(draft);
      return { leaf: String(records.length).padStart(64, "0"), seq: records.length, sid: draft.sid };
    },
  };
}

let nextId = 0;
function envelopeOf(
  parameters: Readonly<Record<string, string>> = {},
  actor: Partial<ActionEnvelope["actor"]> = {},
): ActionEnvelope {
  nextId += 1;
  return sealEnvelope(
    {
      actor: { type: "agent", id: "agent-1", session_id: "s1", tenant_id: "default", ...actor },
      task: "task",
      protocol: "mcp",
      tool: "github.create_pull_request",
      target: "o/r",
      target_kind: "repo",
      parameters,
      requested_capability: "write",
      effects: [],
    },
    { id: `id-${String(nextId).padStart(6, "0")}`, timestamp: "2026-11-23T10:11:12.123456Z" },
  );
}

const claimKey = (envelope: ActionEnvelope, policyHash = DECISION.policy_hash) => ({
  fingerprint: envelope.fingerprint,
  tenant: envelope.actor.tenant_id,
  requester: envelope.actor.id,
  policyHash,
});

function setUp(store: ApprovalStore, limits: Partial<ApprovalLimits> = {}) {
  const clock = createTestClock();
  const evidence = createRecordedEvidence();
  const approvals = createApprovals({
    store,
    evidence,
    clock,
    pseudonymOf: createPseudonyms(new Uint8Array(32)),
    urlOf: (id) => `http://localhost:8081/approvals/${id}`,
    limits: () => ({ ...DEFAULT_APPROVAL_LIMITS, ...limits }),
  });
  const ask = (envelope: ActionEnvelope) => approvals.request(envelope, DECISION, DECISION_LEAF);
  return { approvals, clock, evidence, store, ask };
}

const STORES: readonly (readonly [string, () => ApprovalStore])[] = [
  ["memory", createMemoryApprovalStore],
  ["embedded", () => createEmbeddedApprovalStore(openDatabase(bunRuntime, ":memory:"))],
];

describe.each(STORES)("approvals (%s store)", (_label, open) => {
  test("the way of an approval: asked, approved by another, consumed once", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const envelope = envelopeOf({ a: "1" });
    const asked = await ask(envelope);
    expect(asked).toMatchObject({ kind: "pending", approval: { id: envelope.id, status: "pending" } });
    expect(await approvals.claim(claimKey(envelope))).toBeUndefined();
    expect(await approvals.approve(envelope.id, BOSS, "looks right")).toMatchObject({
      status: "approved",
      reviewer: "boss",
      review_comment: "looks right",
      envelope: { canonical_parameters: '{"a":"1"}' },
    });
    const again = envelopeOf({ a: "1" });
    expect(await approvals.claim(claimKey(again))).toEqual({
      approvalId: envelope.id,
      voteLeaf: "2".padStart(64, "0"),
    });
    expect(await approvals.claim(claimKey(again))).toBeUndefined();
    expect(approvals.get(envelope.id, BOSS)?.status).toBe("consumed");
    expect(evidence.records.map(({ kind }) => kind)).toEqual(["approval.request", "approval.vote"]);
    expect(evidence.records[1]).toMatchObject({
      sid: "s1",
      p: { approval: envelope.id, fp: envelope.fingerprint, vote: "approve", policy: "sha256:p1" },
      disclosures: { reviewer: "boss", comment: "looks right" },
      ref: { decision: DECISION_LEAF, request: "1".padStart(64, "0") },
    });
  });

  test("evidence headers name no person, and tell requester and reviewer apart", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const envelope = envelopeOf();
    await ask(envelope);
    await approvals.deny(envelope.id, BOSS, "no");
    const headers = JSON.stringify(evidence.records.map(({ p }) => p));
    expect(headers).not.toContain("boss");
    expect(headers).not.toContain("agent-1");
    const vote = evidence.records[1]?.p;
    expect(vote?.["reviewer_ref"]).toMatch(/^[0-9a-f]{64}$/);
    expect(vote?.["reviewer_ref"]).not.toBe(vote?.["requester_ref"]);
  });

  test("another argument, tenant, requester or policy gets nothing from an approval", async () => {
    const { approvals, ask } = setUp(open());
    const envelope = envelopeOf({ a: "1" });
    await ask(envelope);
    await approvals.approve(envelope.id, BOSS, "");
    const others = [
      envelopeOf({ a: "2" }),
      envelopeOf({ a: "1" }, { id: "agent-2" }),
      envelopeOf({ a: "1" }, { tenant_id: "t2" }),
    ];
    for (const other of others) expect(await approvals.claim(claimKey(other))).toBeUndefined();
    expect(await approvals.claim(claimKey(envelope, "sha256:p2"))).toBeUndefined();
    expect(await approvals.claim(claimKey(envelope))).toBeDefined();
  });

  test("of many claims at once exactly one gets the approval", async () => {
    const { approvals, ask } = setUp(open());
    const envelope = envelopeOf();
    await ask(envelope);
    await approvals.approve(envelope.id, BOSS, "");
    const claims = await Promise.all(Array.from({ length: 200 }, () => approvals.claim(claimKey(envelope))));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  test("of many votes at once exactly one counts and only that one is in evidence", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const envelope = envelopeOf();
    await ask(envelope);
    const votes = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0
        ? approvals.approve(envelope.id, person(`p${index}`), "")
        : approvals.deny(envelope.id, person(`p${index}`), ""),
    );
    const counted = (await Promise.all(votes)).filter((item) => item !== undefined);
    expect(counted).toHaveLength(1);
    expect(evidence.records.filter(({ kind }) => kind === "approval.vote")).toHaveLength(1);
  });

  test("who asked may never settle, nor may an agent or a viewer, nor another tenant", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const envelope = envelopeOf({}, { id: "both", tenant_id: "t1" });
    await ask(envelope);
    await expect(approvals.approve(envelope.id, person("both", "admin", "t1"), "")).rejects.toThrow(
      "separation of duties",
    );
    await expect(approvals.deny(envelope.id, person("both", "admin", "default"), "")).rejects.toThrow(
      "separation of duties",
    );
    await expect(approvals.approve(envelope.id, person("x", "viewer", "t1"), "")).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await approvals.approve(envelope.id, person("x", "agent", "t1"), "")).toBeUndefined();
    expect(await approvals.approve(envelope.id, person("x", "admin", "t2"), "")).toBeUndefined();
    expect(approvals.get(envelope.id, person("x", "admin", "t2"))).toBeUndefined();
    expect(approvals.status(envelope.id, person("other", "agent", "t1"))).toBeUndefined();
    expect(approvals.status(envelope.id, person("both", "agent", "t1"))).toMatchObject({ status: "pending" });
    expect(evidence.records).toHaveLength(1);
    expect(await approvals.approve(envelope.id, person("x", "operator", "t1"), "")).toMatchObject({
      status: "approved",
    });
  });

  test("the same action asked again joins the request that waits", async () => {
    const { evidence, ask } = setUp(open());
    const results = await Promise.all(Array.from({ length: 50 }, () => ask(envelopeOf({ same: "x" }))));
    expect(new Set(results.map((result) => (result.kind === "pending" ? result.approval.id : "none"))).size).toBe(1);
    expect(evidence.records).toHaveLength(1);
  });

  test("a denial stands for its time, then the action may be asked again", async () => {
    const { approvals, clock, ask } = setUp(open(), { ttlMs: 1000 });
    const envelope = envelopeOf();
    await ask(envelope);
    await approvals.deny(envelope.id, BOSS, "too risky");
    expect(await ask(envelopeOf())).toMatchObject({
      kind: "denied",
      approval: { id: envelope.id, comment: "too risky" },
    });
    clock.advance(1001);
    expect(await ask(envelopeOf())).toMatchObject({ kind: "pending" });
  });

  test("a full queue refuses before anything is recorded, for a tenant and for one requester", async () => {
    const { evidence, ask } = setUp(open(), { pendingPerTenantMax: 3, pendingPerRequesterMax: 2 });
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, index) => ask(envelopeOf({ index: String(index) }))),
    );
    expect(asked.map(({ kind }) => kind)).toEqual(["pending", "pending", ...Array<"full">(8).fill("full")]);
    expect(asked[2]).toMatchObject({ message: expect.stringContaining("2 of your requests") });
    expect(await ask(envelopeOf({}, { id: "agent-2" }))).toMatchObject({ kind: "pending" });
    expect(await ask(envelopeOf({}, { id: "agent-3" }))).toMatchObject({
      kind: "full",
      message: expect.stringContaining("queue is full"),
    });
    expect(evidence.records).toHaveLength(3);
    expect(await ask(envelopeOf({}, { id: "agent-3", tenant_id: "t2" }))).toMatchObject({ kind: "pending" });
  });

  test("an action nobody could read is refused", async () => {
    const { ask } = setUp(open());
    await expect(ask(envelopeOf({ big: "x".repeat(600_000) }))).rejects.toMatchObject({ code: "too-large" });
  });

  test("when evidence fails nothing is asked, voted or cancelled", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const first = envelopeOf({ n: "1" });
    await ask(first);
    evidence.failing = true;
    await expect(ask(envelopeOf({ n: "2" }))).rejects.toMatchObject({ code: "unavailable" });
    await expect(approvals.approve(first.id, BOSS, "")).rejects.toMatchObject({ code: "unavailable" });
    await expect(approvals.cancel(first.id, AGENT, "")).rejects.toMatchObject({ code: "unavailable" });
    expect(approvals.countPending("default")).toBe(1);
    expect(approvals.get(first.id, BOSS)?.status).toBe("pending");
    evidence.failing = false;
    expect(await approvals.approve(first.id, BOSS, "")).toMatchObject({ status: "approved" });
  });

  test("a request can be withdrawn by who asked and by an operator, by nobody else", async () => {
    const { approvals, evidence, ask } = setUp(open());
    const [one, two] = [envelopeOf({ n: "1" }), envelopeOf({ n: "2" })];
    await ask(one);
    await ask(two);
    expect(await approvals.cancel(one.id, person("other", "agent"), "")).toBeUndefined();
    await expect(approvals.cancel(one.id, person("v", "viewer"), "")).rejects.toMatchObject({ code: "forbidden" });
    expect(await approvals.cancel(one.id, AGENT, "changed my mind")).toMatchObject({ status: "cancelled" });
    expect(await approvals.cancel(two.id, BOSS, "")).toMatchObject({ status: "cancelled" });
    expect(await approvals.approve(one.id, BOSS, "")).toBeUndefined();
    expect(evidence.records.map(({ kind }) => kind).slice(2)).toEqual(["approval.cancel", "approval.cancel"]);
  });
});

describe.each(STORES)("time (%s store)", (_label, open) => {
  test("past its time a request is expired for everybody at once, and the sweep says so in evidence", async () => {
    const { approvals, clock, evidence, ask } = setUp(open(), { ttlMs: 1000 });
    const [waiting, approved] = [envelopeOf({ n: "1" }), envelopeOf({ n: "2" })];
    await ask(waiting);
    await ask(approved);
    await approvals.approve(approved.id, BOSS, "");
    clock.advance(1000);
    expect(await approvals.approve(waiting.id, BOSS, "")).toBeUndefined();
    expect(await approvals.claim(claimKey(approved))).toBeUndefined();
    expect(approvals.list(BOSS, { statuses: ["pending"], limit: 10 }).items).toEqual([]);
    expect(approvals.get(approved.id, BOSS)?.status).toBe("expired");
    expect(await approvals.sweep(new AbortController().signal)).toBe(2);
    expect(await approvals.sweep(new AbortController().signal)).toBe(0);
    expect(evidence.records.slice(3).map(({ kind, p }) => [kind, p["was"]])).toEqual([
      ["approval.expire", "pending"],
      ["approval.expire", "approved"],
    ]);
    expect(approvals.countPending("default")).toBe(0);
  });

  test("an approval is good for a whole time from the vote on", async () => {
    const { approvals, clock, ask } = setUp(open(), { ttlMs: 1000 });
    const envelope = envelopeOf();
    await ask(envelope);
    clock.advance(900);
    await approvals.approve(envelope.id, BOSS, "");
    clock.advance(900);
    expect(await approvals.claim(claimKey(envelope))).toBeDefined();
  });

  test("an expired request makes room for a new one of the same action", async () => {
    const { clock, evidence, ask } = setUp(open(), { ttlMs: 1000 });
    await ask(envelopeOf());
    clock.advance(2000);
    expect(await ask(envelopeOf())).toMatchObject({ kind: "pending" });
    expect(evidence.records.map(({ kind }) => kind)).toEqual([
      "approval.request",
      "approval.expire",
      "approval.request",
    ]);
  });

  test("old history is forgotten, what waits is not", async () => {
    const { approvals, clock, ask, store } = setUp(open(), { ttlMs: 1000 });
    await ask(envelopeOf());
    clock.advance(91 * 24 * 3_600_000);
    await ask(envelopeOf({ new: "1" }));
    await approvals.sweep(new AbortController().signal);
    expect(store.list({ limit: 10 })).toHaveLength(1);
  });

  test("a held call is woken by the vote", async () => {
    const { approvals, ask } = setUp(open());
    const envelope = envelopeOf();
    await ask(envelope);
    const held = Array.from({ length: 20 }, () => approvals.wait(envelope.id, 60_000, new AbortController().signal));
    await approvals.deny(envelope.id, BOSS, "no");
    for (const view of await Promise.all(held))
      expect(view).toMatchObject({ status: "denied", reviewer: "boss", comment: "no" });
    expect(await approvals.wait(envelope.id, 60_000, new AbortController().signal)).toMatchObject({ status: "denied" });
  });

  test("a held call ends with its time, with the request's time, and with its caller", async () => {
    const { approvals, clock, ask } = setUp(open(), { ttlMs: 5000 });
    const envelope = envelopeOf();
    await ask(envelope);
    const caller = new AbortController();
    const short = approvals.wait(envelope.id, 1000, new AbortController().signal);
    const long = approvals.wait(envelope.id, 60_000, new AbortController().signal);
    const left = approvals.wait(envelope.id, 60_000, caller.signal);
    clock.advance(1000);
    expect(await short).toMatchObject({ status: "pending" });
    caller.abort();
    await expect(left).rejects.toMatchObject({ code: "cancelled" });
    clock.advance(4000);
    expect(await long).toMatchObject({ status: "expired" });
    await expect(approvals.wait("missing", 1, caller.signal)).rejects.toMatchObject({ code: "not-found" });
  });

  test("pages go on where the page before ended, for those who may see it", async () => {
    const { approvals, clock, ask } = setUp(open());
    for (let index = 0; index < 5; index += 1) {
      await ask(envelopeOf({ index: String(index) }, { tenant_id: index === 0 ? "t2" : "t1" }));
      clock.advance(1);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = approvals.list(BOSS, { statuses: ["pending"], limit: 2, cursor });
      seen.push(...page.items.map(({ envelope }) => String(envelope.parameters["index"])));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(["4", "3", "2", "1", "0"]);
    const inTenant = (tenant: string) =>
      approvals.list(person("x", "viewer", tenant), { statuses: ["pending"], limit: 9 }).items.length;
    expect([inTenant("t1"), inTenant("t2"), inTenant("t3")]).toEqual([4, 1, 0]);
    expect(() => approvals.list(BOSS, { statuses: ["pending"], limit: 2, cursor: "'; drop" })).toThrow("cursor");
  });

  test("a page of large actions is cut by size, and goes on", async () => {
    const { approvals, ask } = setUp(open());
    for (let index = 0; index < 12; index += 1)
      await ask(envelopeOf({ index: String(index), big: "x".repeat(240_000) }));
    const first = approvals.list(BOSS, { statuses: ["pending"], limit: 100 });
    expect(first.items.length).toBeGreaterThan(0);
    expect(first.items.length).toBeLessThan(12);
    const second = approvals.list(BOSS, { statuses: ["pending"], limit: 100, cursor: first.nextCursor });
    expect(first.items.length + second.items.length).toBe(12);
    expect(second.nextCursor).toBeUndefined();
  });
});

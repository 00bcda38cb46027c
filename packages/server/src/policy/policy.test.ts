/** Snapshots, their hash, the engine in the pipeline's terms, and the bounded log of decisions. */
import { describe, expect, test } from "bun:test";
import type { ActionDraft, Decision } from "@aegisflow/core";
import { sealEnvelope } from "@aegisflow/core/action/envelope";
import type { EffectivePolicy } from "@aegisflow/core/config/effective-policy";
import { type ToolRuleInput, toolRuleSchema } from "@aegisflow/core/config/policy-schema";
import { buildPolicySnapshot, buildToolRuleEngine, createDecisionLog, hashPolicy } from "./policy.ts";

function policyOf(...rules: ToolRuleInput[]): EffectivePolicy {
  const sourced = rules.map((rule, index) => ({
    id: `r${index}`,
    source: `a.yaml:${index}`,
    rule: toolRuleSchema.parse(rule),
  }));
  return { defaultDecision: "block", packs: [], rules: sourced };
}

const draft: ActionDraft = {
  actor: { type: "agent", id: "k", session_id: "s", tenant_id: "acme" },
  task: "t",
  protocol: "mcp",
  tool: "github.get_repo",
  target: "acme/api",
  target_kind: "repo",
  parameters: {},
  requested_capability: "read",
  effects: [],
};

function envelopeOf(id: string, target = "acme/api"): ReturnType<typeof sealEnvelope> {
  return sealEnvelope({ ...draft, target }, { id, timestamp: "2026-11-23T10:11:12.123456Z" });
}

describe("buildPolicySnapshot()", () => {
  test("decides with the rule's id, place and words", () => {
    const snapshot = buildPolicySnapshot(
      policyOf({ tool: "github.get_*", decision: "review", reason: "because", suggestion: "wait" }),
      7,
    );
    const verdict = snapshot.engines[0]?.decide(envelopeOf("e"), AbortSignal.timeout(1000));
    expect(verdict).toEqual({
      engine: "tool-rules",
      decision: "review",
      rule: "r0",
      reason: "because",
      source: "a.yaml:0",
      suggestion: "wait",
    });
    expect(snapshot.version).toBe(7);
    expect(snapshot.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("refuses a bad glob instead of dropping the rule", () => {
    const policy: EffectivePolicy = {
      defaultDecision: "allow",
      packs: [],
      rules: [{ id: "x", rule: { tool: "[", decision: "block" } }],
    };
    expect(() => buildToolRuleEngine(policy)).toThrow("glob `[`");
  });
});

describe("hashPolicy()", () => {
  test("covers what decides, not where it is written", () => {
    const policy = policyOf({ tool: "a.*", decision: "block" });
    const moved = { ...policy, rules: policy.rules.map((rule) => ({ ...rule, source: "elsewhere:1" })) };
    expect(hashPolicy(moved)).toBe(hashPolicy(policy));
    expect(hashPolicy({ ...policy, defaultDecision: "allow" })).not.toBe(hashPolicy(policy));
    expect(hashPolicy(policyOf({ tool: "a.*", decision: "review" }))).not.toBe(hashPolicy(policy));
  });
});

describe("createDecisionLog()", () => {
  const decision: Decision = {
    decision: "block",
    engine: "tool-rules",
    rule: "r",
    reason: "x",
    policy_hash: "sha256:0",
    policy_version: 1,
    trace: [],
    latency_us: 1,
  };

  test("keeps the newest and forgets the oldest", () => {
    const log = createDecisionLog(2);
    for (const id of ["a", "b", "c"]) log.record(envelopeOf(id), decision);
    expect(log.get("a")).toBeUndefined();
    expect(log.recent(10).map((entry) => entry.envelopeId)).toEqual(["c", "b"]);
    expect(log.recent(1)).toHaveLength(1);
    expect(log.recent(10, "other")).toEqual([]);
  });

  test("keeps the decision about a large action without the action", () => {
    const log = createDecisionLog();
    log.record(envelopeOf("big", "x".repeat(20_000)), decision);
    expect(log.get("big")).toMatchObject({ decision, envelope: undefined });
  });
});

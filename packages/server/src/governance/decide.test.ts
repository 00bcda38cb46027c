import { expect, test } from "bun:test";
import type { ActionDraft, EngineVerdict } from "@aegisflow/core";
import { sealEnvelope } from "@aegisflow/core";
import { createSystemClock } from "../runtime/sources.ts";
import { decideAction } from "./decide.ts";
import type { Engine, GovernanceEvent, PolicySnapshot } from "./ports.ts";

const draft: ActionDraft = {
  actor: { type: "agent", id: "key-1", session_id: "s-1", tenant_id: "default" },
  task: "t",
  protocol: "mcp",
  tool: "github.list_repos",
  target: "acme",
  target_kind: "name",
  parameters: {},
  requested_capability: "read",
  effects: [],
};

function says(name: string, decision: EngineVerdict["decision"]): Engine {
  return { name, decide: () => ({ engine: name, decision, rule: `${name}/1`, reason: `${name} says ${decision}` }) };
}

async function decide(engines: readonly Engine[], extra: Partial<ActionDraft> = {}, grantForMs = 0) {
  const clock = createSystemClock();
  const events: GovernanceEvent[] = [];
  const policy: PolicySnapshot = { version: 1, hash: "sha256:00", engines, engineTimeoutMs: 20 };
  const envelope = sealEnvelope({ ...draft, ...extra }, { id: "e-1", timestamp: clock.nowIso() });
  const grant = grantForMs === 0 ? undefined : { id: "bg-1", expiresAtMs: clock.nowMs() + grantForMs };
  const decision = await decideAction(
    { clock, events: { emit: (event) => events.push(event) } },
    envelope,
    policy,
    grant,
  );
  return { decision, events };
}

test("the strictest verdict wins, wherever it stands", async () => {
  const { decision } = await decide([says("a", "allow"), says("b", "block"), says("c", "review")]);
  expect(decision).toMatchObject({ decision: "block", engine: "b", rule: "b/1" });
  expect(decision.trace.map((verdict) => verdict.engine)).toEqual(["a", "b", "c"]);
});

test("no engine at all is a block", async () => {
  expect((await decide([])).decision).toMatchObject({ decision: "block", rule: "(no engine)" });
});

test("a floor tightens an allow and never loosens a block", async () => {
  const floors = [{ decision: "review", by: "tool-pinning", reason: "the definition changed" }] as const;
  expect((await decide([says("a", "allow")], { floors })).decision).toMatchObject({
    decision: "review",
    engine: "tool-pinning",
  });
  expect((await decide([says("a", "block")], { floors })).decision).toMatchObject({ decision: "block", engine: "a" });
});

const broken: readonly (readonly [string, Engine["decide"]])[] = [
  [
    "throws",
    () => {
      throw new Error("boom");
    },
  ],
  ["rejects", () => Promise.reject(new Error("boom"))],
  ["never answers", () => new Promise<EngineVerdict>(() => {})],
  ["answers nonsense", () => JSON.parse('{"decision":"permit"}') as EngineVerdict],
  ["answers nothing", () => JSON.parse("null") as EngineVerdict],
];

for (const [how, answer] of broken) {
  test(`an engine that ${how} blocks, and the failure is reported`, async () => {
    const { decision, events } = await decide([says("a", "allow"), { name: "bad", decide: answer }]);
    expect(decision).toMatchObject({ decision: "block", engine: "bad" });
    expect(events).toMatchObject([{ kind: "engine-failed", engine: "bad" }]);
  });

  test(`break-glass skips an engine that ${how}, and the decision says so`, async () => {
    const { decision } = await decide([says("a", "allow"), { name: "bad", decide: answer }], {}, 60_000);
    expect(decision).toMatchObject({ decision: "allow", engine: "a", break_glass: "bg-1" });
  });
}

test("break-glass overrides no engine that answered, and an expired grant nothing", async () => {
  expect((await decide([says("a", "block")], {}, 60_000)).decision.decision).toBe("block");
  const bad: Engine = {
    name: "bad",
    decide: () => {
      throw new Error("boom");
    },
  };
  expect((await decide([says("a", "allow"), bad], {}, -1)).decision.decision).toBe("block");
  expect((await decide([bad], {}, 60_000)).decision).toMatchObject({ decision: "block", rule: "(no engine)" });
});

test("a slow engine is told to stop when its time is over", async () => {
  let stopped = false;
  const slow: Engine = {
    name: "slow",
    decide: (_envelope, signal) => {
      signal.addEventListener("abort", () => {
        stopped = true;
      });
      return new Promise<EngineVerdict>(() => {});
    },
  };
  await decide([slow]);
  expect(stopped).toBe(true);
});

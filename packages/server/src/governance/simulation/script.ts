/** What a seed plays: which actions agents ask for, how the engines and the upstream behave, who reviews. */
import type { ActionDraft, EngineVerdict, JsonObject } from "@aegisflow/core";
import { AegisError } from "@aegisflow/core";
import type { Clock, Engine } from "../ports.ts";
import type { SeededRandom } from "./steps.ts";

export const AGENTS = ["agent-a", "agent-b"] as const;
export const REVIEWERS = ["reviewer-x", "reviewer-y", ...AGENTS] as const;
const TOOLS = ["allow.read", "allow.write", "review.merge", "review.deploy", "block.delete"] as const;

export interface Call {
  readonly draft: ActionDraft;
  /** How often the agent tries again when it was told to. */
  readonly retries: number;
  readonly waitMs: number;
  /** The agent gives up while the call is under way. */
  readonly aborts: boolean;
}

export function randomCall(random: SeededRandom, agent: string): Call {
  const tool = random.pick(TOOLS);
  return {
    draft: draftOf(agent, tool, { number: random.below(2), text: random.pick(["x", "é", "\u2028"]) }, random.below(2)),
    retries: random.below(4),
    waitMs: random.pick([0, 0, 40]),
    aborts: random.chance(8),
  };
}

function draftOf(agent: string, tool: string, parameters: JsonObject, session: number): ActionDraft {
  return {
    actor: { type: "agent", id: agent, session_id: `${agent}-s${session}`, tenant_id: "default" },
    task: "simulated",
    protocol: "mcp",
    tool,
    target: "acme/api",
    target_kind: "repo",
    parameters,
    requested_capability: tool === "allow.read" ? "read" : "execute",
    effects: [],
  };
}

/** The rule table of the simulation: the word before the dot is the decision. */
export const RULES: Engine = {
  name: "rules",
  decide(envelope) {
    const word = envelope.tool.split(".")[0];
    const decision = word === "allow" || word === "review" ? word : "block";
    return { engine: "rules", decision, rule: word ?? "", reason: "simulated" };
  },
};

/** Answers late, never, with a throw or with nonsense, as the seed says; otherwise allows. */
export function flakyEngine(random: SeededRandom, clock: Clock, failures: Set<string>): Engine {
  return {
    name: "flaky",
    async decide(envelope, signal) {
      const mood = random.below(20);
      if (mood === 0) {
        failures.add(envelope.id);
        throw new Error("boom");
      }
      if (mood === 1) {
        failures.add(envelope.id);
        await clock.sleep(10_000, signal);
      }
      if (mood === 2) {
        failures.add(envelope.id);
        return JSON.parse('{"decision":"yes"}') as EngineVerdict;
      }
      if (mood < 6) await clock.sleep(3, signal);
      return { engine: "flaky", decision: "allow", rule: "1", reason: "simulated" };
    },
  };
}

export function upstreamFailure(random: SeededRandom): Error | undefined {
  const mood = random.below(12);
  if (mood === 0) return new AegisError("upstream-failed", "simulated crash of the upstream");
  if (mood === 1) return new Error("simulated error answer");
  if (mood === 2) return new AegisError("timeout", "simulated time-out");
  return undefined;
}

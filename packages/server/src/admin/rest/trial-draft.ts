/**
 * An action that somebody asks about, as a draft: who asks is the actor, so the person who tries a review out can
 * not approve it. The gates' own readings (effects, targets from arguments) are put in by the governance port.
 */
import { type ActionDraft, AegisError, type JsonObject, type Protocol, type TargetKind } from "@aegisflow/core";
import type { Principal } from "@aegisflow/core/identity/principal";
import { parseStrictJson } from "@aegisflow/evidence";

export interface TrialRequest {
  readonly protocol: Protocol;
  readonly tool: string;
  readonly target: string;
  readonly capability?: ActionDraft["requested_capability"] | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

const TARGET_KIND_OF: Readonly<Record<Protocol, TargetKind>> = {
  mcp: "name",
  http: "url",
  shell: "command",
  sql: "sql",
  git: "repo",
};

/** @throws AegisError `invalid-input` when the parameters cannot be sealed. */
export function trialDraft(principal: Principal, trial: TrialRequest): ActionDraft {
  return {
    actor: {
      type: principal.role === "agent" ? "agent" : "user",
      id: principal.id,
      session_id: `test-${principal.id}`,
      tenant_id: principal.tenant,
    },
    task: "test-action",
    protocol: trial.protocol,
    tool: trial.tool,
    target: trial.target,
    target_kind: TARGET_KIND_OF[trial.protocol],
    parameters: toJsonObject(trial.params),
    requested_capability: trial.capability ?? "execute",
    effects: [],
  };
}

function toJsonObject(params: Readonly<Record<string, unknown>>): JsonObject {
  const value = parseStrictJson(JSON.stringify(params));
  if (typeof value === "object" && value !== null && !isArray(value)) return value;
  throw new AegisError("invalid-input", "params must be an object");
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

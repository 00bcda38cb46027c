/**
 * An action that somebody only asks about (test-action, simulate), read as the gate for its protocol would read it,
 * so that the answer is the one that the real call would get.
 */
import type { ActionDraft } from "@aegisflow/core";
import { describeTarget } from "@aegisflow/effects";
import { createToolCallDescriber } from "../gates/mcp/describe-tool-call.ts";
import type { ConfiguredTarget } from "../gates/mcp/targets/target-map.ts";

export function describeTrial(draft: ActionDraft, targets: readonly ConfiguredTarget[]): ActionDraft {
  if (draft.protocol !== "mcp") return { ...draft, ...describeTarget(draft) };
  const { tool, actor, parameters } = draft;
  const identity = { exposedName: tool, policyName: tool, upstream: "", annotations: {} };
  const { draft: described } = createToolCallDescriber(targets)(identity, parameters, actor);
  const { task, target, target_kind } = draft;
  // Without arguments the map knows no target: then the one that was asked about counts.
  return described.target === tool ? { ...described, task, target, target_kind } : { ...described, task };
}

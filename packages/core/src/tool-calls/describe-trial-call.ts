/**
 * A tool call that somebody only asks about (simulate, test-action, a policy case), read as the MCP gate reads the
 * real one: the same map, the same guess from the name. A capability that was stated counts; `execute` says nothing.
 */
import type { ActionDraft } from "../action/action.ts";
import { createToolCallDescriber, type DescribeToolCall } from "./describe-tool-call.ts";
import type { ConfiguredTarget } from "./target-map.ts";

/** The draft of the call, then one for each further target of a compound call; the strictest verdict holds. */
export type DescribeTrialCall = (draft: ActionDraft) => readonly [ActionDraft, ...ActionDraft[]];

/** @throws AegisError `config-invalid` for a bad glob in the configured targets. */
export function createTrialCallDescriber(configured: readonly ConfiguredTarget[]): DescribeTrialCall {
  const describe = createToolCallDescriber(configured);
  return (draft) => describeTrialCall(describe, draft);
}

function describeTrialCall(describe: DescribeToolCall, asked: ActionDraft): readonly [ActionDraft, ...ActionDraft[]] {
  const { tool, actor, parameters, requested_capability } = asked;
  const { draft, parts } = describe(
    { exposedName: tool, policyName: tool, upstream: "", annotations: {} },
    parameters,
    actor,
  );
  const stated =
    requested_capability === "execute" || draft.requested_capability === "unknown" ? {} : { requested_capability };
  const asTrial = (read: ActionDraft): ActionDraft => ({
    ...read,
    ...stated,
    task: asked.task,
    ...(asked.environment === undefined ? {} : { environment: asked.environment }),
  });
  // Without arguments the map knows no target: then the one that was asked about counts.
  const { target, target_kind } = asked;
  if (draft.target === tool) return [{ ...asTrial(draft), target, target_kind }];
  return [asTrial(draft), ...parts.map(asTrial)];
}

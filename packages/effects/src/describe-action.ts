/**
 * An action that somebody only asks about (a policy case, simulate, diff), read as the gate for its protocol would
 * read it: tool calls by the map of tools, shell commands by their grammar, the rest by how the target looks.
 */
import type { ActionDraft } from "@aegisflow/core";
import { createTrialCallDescriber } from "@aegisflow/core/tool-calls/describe-trial-call";
import type { ConfiguredTarget } from "@aegisflow/core/tool-calls/target-map";
import { describeTarget } from "./describe-target.ts";

/** The drafts of one action: more than one when a call acts on several targets; the strictest verdict holds. */
export type DescribeAction = (draft: ActionDraft) => readonly [ActionDraft, ...ActionDraft[]];

/** @throws AegisError `config-invalid` for a bad glob in the configured targets. */
export function createActionDescriber(targets: readonly ConfiguredTarget[] = []): DescribeAction {
  const describeCall = createTrialCallDescriber(targets);
  return (draft) => (draft.protocol === "mcp" ? describeCall(draft) : [{ ...draft, ...describeTarget(draft) }]);
}

/**
 * An action that somebody only asks about (test-action, simulate), read as the gate for its protocol would read it,
 * so that the answer is the one that the real call would get.
 */
import type { ActionDraft } from "@aegisflow/core";
import { createTrialCallDescriber } from "@aegisflow/core/tool-calls/describe-trial-call";
import type { ConfiguredTarget } from "@aegisflow/core/tool-calls/target-map";
import { describeTarget } from "@aegisflow/effects";

export function describeTrial(draft: ActionDraft, targets: readonly ConfiguredTarget[]): ActionDraft {
  if (draft.protocol !== "mcp") return { ...draft, ...describeTarget(draft) };
  const [described] = createTrialCallDescriber(targets)(draft);
  return described;
}

/** What the serving of requests shares: ports by role, settings as they are now, and the catalogs. */
import type { ActionDraft } from "@aegisflow/core";
import type { DescribeToolCall } from "@aegisflow/core/tool-calls/describe-tool-call";
import type { ConfiguredTarget } from "@aegisflow/core/tool-calls/target-map";
import type { Governance } from "../../governance/govern.ts";
import type { Clock, Ids, Random } from "../../governance/ports.ts";
import type { ToolCatalog } from "./catalog/tool-catalog.ts";
import type { UpstreamLists } from "./catalog/upstream-lists.ts";
import type { UpstreamProvider } from "./gate-upstream.ts";
import type { RequestSlots } from "./request-slots.ts";
import type { ResultPolicy } from "./result-policy.ts";
import type { ToolPins } from "./tool-pins.ts";
import type { UpstreamPreferences } from "./upstream-preferences.ts";
import type { TokenSealer } from "./wire/sealed-token.ts";

export interface McpGateSettings {
  /** Address the listener is bound to, and further names and browser origins it answers to. */
  readonly bindHost: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Hold a call that needs a person this long before it is answered -32002; 0 answers at once. */
  readonly waitForApprovalMs: number;
  readonly requestBytesMax: number;
  readonly resultPolicy: ResultPolicy;
  readonly sessions: { readonly max: number; readonly perCallerMax: number; readonly idleMs: number };
  readonly targets: readonly ConfiguredTarget[];
}

/** Clock, ids and randomness, so that a simulation can own them. */
export interface GateSources {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

export interface GateContext {
  readonly governance: Pick<Governance, "govern" | "preview">;
  /** Whether rules alone would let some call like this one pass, whatever its target and arguments. */
  readonly mayPass: (draft: ActionDraft) => boolean;
  readonly upstreams: UpstreamProvider;
  readonly lists: UpstreamLists;
  readonly tools: ToolCatalog;
  readonly pins: ToolPins;
  readonly preferences: UpstreamPreferences;
  readonly describe: DescribeToolCall;
  readonly sealer: TokenSealer;
  readonly slots: RequestSlots;
  readonly sources: GateSources;
  readonly settings: () => McpGateSettings;
  readonly identity: { readonly name: string; readonly title: string; readonly version: string };
}

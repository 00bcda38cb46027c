/** An upstream as the gate uses it: the connection and what the operator configured about its names. */
import type { Upstream } from "./upstream.ts";

export interface GateUpstream {
  readonly upstream: Upstream;
  /** Put before the names of its tools and prompts; may be empty. */
  readonly prefix: string;
  /** Globs on the upstream's own tool names; others are neither listed nor callable. */
  readonly tools: readonly string[];
  /** Longest time for one request. */
  readonly timeoutMs: number;
}

/** What the gate reads each time, so that a reload of the configuration takes effect at once. */
export type UpstreamProvider = () => readonly GateUpstream[];

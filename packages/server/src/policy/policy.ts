/**
 * Face of the policy subsystem: turns the rules in force into what the pipeline asks (an engine, a snapshot).
 * The deciding itself is in core, where explain, simulate and diff use the same matcher.
 */
import { createHash } from "node:crypto";
import type { EffectivePolicy } from "@aegisflow/core/config/effective-policy";
import { policyContent } from "@aegisflow/core/config/effective-policy";
import { type CompiledPolicy, compileRules } from "@aegisflow/core/policy/compile-rules";
import { decideByRules, toVerdict } from "@aegisflow/core/policy/decide-by-rules";
import { canonicalJson, parseStrictJson } from "@aegisflow/evidence";
import type { Engine, PolicySnapshot } from "../governance/ports.ts";

export { createDecisionLog, type DecisionLog, type LoggedDecision } from "./decision-log.ts";

/** Name of the rule engine in traces and evidence. */
export const TOOL_RULES_ENGINE = "tool-rules";

/** How long one asynchronous engine may take before it counts as failed, and so as a block. */
export const ENGINE_TIMEOUT_MS = 2_000;

/** The snapshot the pipeline decides by, with the compiled rules beside it for explain and simulate. */
export interface ToolPolicySnapshot extends PolicySnapshot {
  readonly policy: EffectivePolicy;
  readonly compiled: CompiledPolicy;
}

/** @throws AegisError `config-invalid` on a bad glob: the caller keeps the last good snapshot. */
export function buildPolicySnapshot(policy: EffectivePolicy, version: number): ToolPolicySnapshot {
  const compiled = compileRules(policy);
  return {
    version,
    hash: hashPolicy(policy),
    engines: [toEngine(compiled)],
    engineTimeoutMs: ENGINE_TIMEOUT_MS,
    policy,
    compiled,
  };
}

/** @throws AegisError `config-invalid` on a bad glob. */
export function buildToolRuleEngine(policy: EffectivePolicy): Engine {
  return toEngine(compileRules(policy));
}

/** `sha256:<64 hex>` over the canonical rules in force, packs included: approvals bind to it. */
export function hashPolicy(policy: EffectivePolicy): string {
  // JSON text first: optional keys that are absent must not differ from keys that are undefined.
  const content = parseStrictJson(JSON.stringify(policyContent(policy)));
  return `sha256:${createHash("sha256").update(canonicalJson(content)).digest("hex")}`;
}

function toEngine(compiled: CompiledPolicy): Engine {
  return {
    name: TOOL_RULES_ENGINE,
    decide: (envelope) => toVerdict(decideByRules(compiled, envelope), TOOL_RULES_ENGINE),
  };
}

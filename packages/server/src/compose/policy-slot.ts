/**
 * The policy in force, behind one reference: the configuration puts a compiled snapshot in, the pipeline reads it
 * once per action. Break-glass grants stand beside it.
 */

import type { ActionDraft } from "@aegisflow/core";
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import type { EffectivePolicy } from "@aegisflow/core/config/effective-policy";
import { AegisError } from "@aegisflow/core/errors";
import { type Explanation, explainPolicy } from "@aegisflow/core/policy/explain-policy";
import { mayPassRules } from "@aegisflow/core/policy/may-pass";
import type { PreparedConfiguration } from "../configuration/configuration.ts";
import type { BreakGlass, PoliciesPort } from "../governance/ports.ts";
import { type ConfiguredKeys, createConfiguredKeys, type HashKey } from "../identity/identity.ts";
import { buildPolicySnapshot, type ToolPolicySnapshot } from "../policy/policy.ts";

export interface InForce {
  readonly snapshot: ToolPolicySnapshot;
  readonly config: AegisConfig;
  readonly keys: ConfiguredKeys;
}

export interface PolicySlot {
  current(): InForce;
  /** Compiles a candidate; nothing changes until its `apply`. @throws AegisError `config-invalid`. */
  prepare(policy: EffectivePolicy, config: AegisConfig): PreparedConfiguration;
  /** Called after each applied configuration. */
  onApplied(listener: (inForce: InForce) => void): void;
  mayPass(draft: ActionDraft): boolean;
  explain(draft: ActionDraft): Explanation;
}

export function createPolicySlot(hashKey: HashKey): PolicySlot {
  let inForce: InForce | undefined;
  const listeners: ((now: InForce) => void)[] = [];
  const current = (): InForce => {
    if (inForce === undefined) throw new AegisError("internal", "the policy was used before it was loaded");
    return inForce;
  };
  return {
    current,
    prepare(policy, config) {
      const compiled = buildPolicySnapshot(policy, 0);
      const keys = createConfiguredKeys(config.tenants, hashKey);
      return {
        policyHash: compiled.hash,
        apply({ version }) {
          inForce = { snapshot: { ...compiled, version }, config, keys };
          for (const listener of listeners) listener(inForce);
        },
      };
    },
    onApplied(listener) {
      listeners.push(listener);
    },
    mayPass: (draft) => mayPassRules(current().snapshot.compiled, draft),
    explain: (draft) => explainPolicy(current().snapshot.compiled, draft),
  };
}

export function policiesPort(slot: PolicySlot, breakGlass: (tenant: string) => BreakGlass | undefined): PoliciesPort {
  return { current: () => slot.current().snapshot, breakGlass };
}

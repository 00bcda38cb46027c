/** Something made from the configuration in force, once per configuration: its users compare it by identity. */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import type { PolicySlot } from "./policy-slot.ts";

export function perConfig<T>(slot: PolicySlot, make: (config: AegisConfig) => T): () => T {
  const made = new WeakMap<AegisConfig, { readonly value: T }>();
  return () => {
    const { config } = slot.current();
    const known = made.get(config);
    if (known !== undefined) return known.value;
    const value = make(config);
    made.set(config, { value });
    return value;
  };
}

/**
 * Face of the configuration subsystem: what is in force, and how it changes. Loads at the start, follows the file,
 * keeps the last good version when a new one is wrong, numbers and stores every version, rolls back.
 * INVARIANT: a version is in evidence (`policy.load`) and in the store before it is used.
 */
import type { Configuration, ConfigurationOptions, ConfigurationPorts } from "./configuration-ports.ts";
import { LiveConfiguration } from "./live-configuration.ts";

export { type BreakGlassGrants, type GrantRequest, openBreakGlass } from "./break-glass.ts";
export type { CandidateSources, PackSource } from "./candidate.ts";
export { type CheckedConfiguration, checkConfiguration } from "./check-configuration.ts";
export type * from "./configuration-ports.ts";
export { withSelf } from "./embedded-default.ts";
export { loadStartConfig } from "./start-config.ts";

/** @throws AegisError `config-invalid` with every problem in its message: nothing starts on a wrong configuration. */
export async function openConfiguration(
  options: ConfigurationOptions,
  ports: ConfigurationPorts,
): Promise<Configuration> {
  const live = new LiveConfiguration(options, ports);
  await live.start();
  return live;
}

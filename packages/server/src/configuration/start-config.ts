/** The configuration that a start begins with, before anything is open: where the data folder is, how to log. */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { type CandidateSources, loadCandidate } from "./candidate.ts";
import { invalidConfiguration, readConfigFile } from "./config-file.ts";
import { EMBEDDED_DEFAULT, EMBEDDED_DEFAULT_NAME } from "./embedded-default.ts";

/** @param file absent: the built-in configuration. @throws AegisError `config-invalid` with every problem. */
export function loadStartConfig(file: string | undefined, sources: CandidateSources): AegisConfig {
  const text = file === undefined ? EMBEDDED_DEFAULT : readConfigFile(file);
  const loaded = loadCandidate(text, file ?? EMBEDDED_DEFAULT_NAME, sources);
  if (loaded.kind === "errors") throw invalidConfiguration(loaded.errors.map(formatProblem));
  return loaded.parsed.config;
}

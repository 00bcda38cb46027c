/** `aegisflow --config FILE --check`: everything a start would refuse, without starting. Opens and writes nothing. */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import type { EffectivePolicy } from "@aegisflow/core/config/effective-policy";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { errorText } from "@aegisflow/core/errors";
import { type CandidateSources, loadCandidate } from "./candidate.ts";
import { readConfigFile } from "./config-file.ts";

export type CheckedConfiguration =
  | {
      readonly kind: "ok";
      readonly warnings: readonly string[];
      readonly policy: EffectivePolicy;
      readonly config: AegisConfig;
    }
  | { readonly kind: "wrong"; readonly errors: readonly string[] };

/** @param compile what the server would make of it; what it throws is an error too. */
export function checkConfiguration(
  file: string,
  sources: CandidateSources,
  compile: (policy: EffectivePolicy, config: AegisConfig) => unknown,
): CheckedConfiguration {
  try {
    const loaded = loadCandidate(readConfigFile(file), file, sources);
    if (loaded.kind === "errors") return { kind: "wrong", errors: loaded.errors.map(formatProblem) };
    const { policy, parsed } = loaded;
    compile(policy, parsed.config);
    return { kind: "ok", warnings: parsed.warnings.map(formatProblem), policy, config: parsed.config };
  } catch (error) {
    return { kind: "wrong", errors: [errorText(error)] };
  }
}

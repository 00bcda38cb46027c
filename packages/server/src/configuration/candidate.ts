/**
 * A configuration that could be applied: the text parsed, its packs loaded, its policy composed, its hash taken.
 * Nothing here changes anything; whatever is wrong comes back as problems with their places.
 */
import { createHash } from "node:crypto";
import { composePolicy, type EffectivePolicy, type LoadedPack } from "@aegisflow/core/config/effective-policy";
import type { Environment } from "@aegisflow/core/config/expand-variables";
import { readLoadedPacks } from "@aegisflow/core/config/loaded-packs";
import { type ConfigErrors, type ParsedConfig, parseConfig } from "@aegisflow/core/config/parse-config";
import { withSecretDigests } from "@aegisflow/core/config/secrets";
import { AegisError } from "@aegisflow/core/errors";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { parseStrictJson } from "@aegisflow/evidence/strict-json";

/** The packs that exist: those shipped, embedded in the binary. */
export interface PackSource {
  readonly names: readonly string[];
  /** @throws AegisError `not-found` for a name that is not in `names`. */
  load(name: string): LoadedPack;
}

export interface CandidateSources {
  readonly env: Environment;
  readonly packs: PackSource;
}

export interface Candidate {
  readonly kind: "candidate";
  readonly text: string;
  readonly parsed: ParsedConfig;
  readonly packs: readonly LoadedPack[];
  readonly policy: EffectivePolicy;
}

export function loadCandidate(
  text: string,
  fileName: string,
  { env, packs }: CandidateSources,
): Candidate | ConfigErrors {
  const parsed = parseConfig(text, fileName, env, { packNames: packs.names });
  if (parsed.kind === "errors") return parsed;
  const loaded = parsed.config.policy_packs.map((name) => packs.load(name));
  const policy = composePolicy({ toolPolicies: parsed.config.tool_policies, packs: loaded, sources: parsed.sources });
  return { kind: "candidate", text, parsed, packs: loaded, policy };
}

/** Over policy and configuration; a changed secret changes it, but it cannot be turned back into one. */
export function hashConfiguration({ parsed }: Candidate, policyHash: string): string {
  const config = withSecretDigests(parsed.config, (secret) => sha256(`aegisflow.dev/config-secret/v1\0${secret}`));
  // JSON text first: an optional key that is absent must not differ from one that is undefined.
  return sha256(canonicalJson({ policy: policyHash, config: parseStrictJson(JSON.stringify(config)) }));
}

/** `sha256:<64 hex>` */
export function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** The packs a stored version named, as they were then. @throws AegisError `corrupt` when the store was changed by others. */
export function storedPacks(packsJson: string): PackSource {
  const stored = readLoadedPacks(packsJson);
  return {
    names: stored.map(({ pack }) => pack.name),
    load: (name) => {
      const found = stored.find(({ pack }) => pack.name === name);
      if (found === undefined) throw new AegisError("not-found", `there is no pack \`${name}\` in the stored version`);
      return found;
    },
  };
}

/**
 * A policy as people name it on the command line: a pack that ships with this program, a file (a pack or a whole
 * configuration), or for `policy diff` the number of a version that the server keeps. What cannot be read is an
 * error: no other policy ever answers in its place.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { composePolicy, type EffectivePolicy, packPolicy } from "@aegisflow/core/config/effective-policy";
import { type ConfigProblem, formatProblem } from "@aegisflow/core/config/key-path";
import { parseConfig } from "@aegisflow/core/config/parse-config";
import { parsePolicyPack } from "@aegisflow/core/config/parse-policy-pack";
import { toolRuleSchema } from "@aegisflow/core/config/policy-schema";
import { readYaml } from "@aegisflow/core/config/read-yaml";
import { AegisError, errorText } from "@aegisflow/core/errors";
import { createBuiltInPacks } from "@aegisflow/core/policy/built-in-packs";
import { BUILT_IN_PACK_CASES } from "@aegisflow/core/policy/generated/built-in-pack-cases";
import { type PolicyCase, parsePolicyCases } from "@aegisflow/core/policy/policy-cases";
import type { ConfiguredTarget } from "@aegisflow/core/tool-calls/target-map";
import { connectAdmin } from "./admin-connection.ts";
import type { CliIo } from "./cli-io.ts";

export interface PolicySource {
  /** As people know it: the pack's name, the file, `version 3`. */
  readonly name: string;
  readonly policy: EffectivePolicy;
  /** `mcp_gateway.targets` of a configuration. */
  readonly targets: readonly ConfiguredTarget[];
  readonly cases: readonly PolicyCase[];
}

/** Folder whose packs are meant when none is named: a checkout, or a team's own. */
const PACKS_FOLDER = "policy-packs";

/** Packs of the folder `policy-packs` when there is one here, else those that ship with this program. */
export function defaultPolicyNames(io: CliIo): readonly string[] {
  const folder = resolve(io.cwd, PACKS_FOLDER);
  if (!existsSync(folder)) return createBuiltInPacks().names;
  const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file) && !/\.cases\.ya?ml$/.test(file));
  if (files.length > 0) return files.sort().map((file) => `${PACKS_FOLDER}/${file}`);
  throw new AegisError("invalid-input", `\`${PACKS_FOLDER}\` holds no pack; name a pack or a file`);
}

/** @throws AegisError when there is no such pack or file, or when it does not load. */
export function openPolicy(io: CliIo, name: string): PolicySource {
  return isFileName(name) ? openFile(io, name) : openBuiltIn(name);
}

/** Also a version of the server: `3`, or `current`. */
export async function openPolicyOrVersion(io: CliIo, name: string): Promise<PolicySource> {
  if (!isVersionName(name)) return openPolicy(io, name);
  const admin = connectAdmin(io);
  const detail =
    name === "current"
      ? await admin.call("policyVersions.current")
      : await admin.call("policyVersions.get", { params: { version: name } });
  const rules = detail.rules.map(({ id, ...rule }) => ({ id: String(id), rule: toolRuleSchema.parse(rule) }));
  const policy = { defaultDecision: detail.default_decision, packs: [], rules };
  return { name: `version ${detail.version}`, policy, targets: [], cases: [] };
}

/** `3` or `current`: a version that the server keeps. */
export function isVersionName(name: string): boolean {
  return name === "current" || /^\d+$/.test(name);
}

function isFileName(name: string): boolean {
  return /[/\\]/.test(name) || /\.ya?ml$/.test(name);
}

function openBuiltIn(name: string): PolicySource {
  const policy = packPolicy(createBuiltInPacks().load(name));
  const text = Object.hasOwn(BUILT_IN_PACK_CASES, name) ? BUILT_IN_PACK_CASES[name] : undefined;
  const cases = text === undefined ? [] : readCases(text, `${PACKS_FOLDER}/${name}.cases.yaml`);
  return { name, policy, targets: [], cases };
}

function openFile(io: CliIo, file: string): PolicySource {
  const text = readText(io, file);
  const casesFile = file.replace(/\.ya?ml$/, ".cases.yaml");
  const cases = existsSync(resolve(io.cwd, casesFile)) ? readCases(readText(io, casesFile), casesFile) : [];
  return { name: file, cases, ...readPolicy(io, text, file) };
}

function readPolicy(io: CliIo, text: string, file: string): Pick<PolicySource, "policy" | "targets"> {
  if (isPack(text, file)) {
    const parsed = parsePolicyPack(text, file);
    if (parsed.kind === "errors") throw invalid(parsed.errors);
    return { policy: packPolicy(parsed), targets: [] };
  }
  const packs = createBuiltInPacks();
  const parsed = parseConfig(text, file, io.env, { packNames: packs.names });
  if (parsed.kind === "errors") throw invalid(parsed.errors);
  const { config, sources } = parsed;
  const loaded = config.policy_packs.map((name) => packs.load(name));
  const policy = composePolicy({ toolPolicies: config.tool_policies, packs: loaded, sources });
  return { policy, targets: config.mcp_gateway.targets };
}

/** A pack has its rules at the top; a configuration has them below `tool_policies`. */
function isPack(text: string, file: string): boolean {
  const { value } = readYaml(text, file, undefined);
  return typeof value === "object" && value !== null && ("rules" in value || "name" in value);
}

function readCases(text: string, file: string): readonly PolicyCase[] {
  const parsed = parsePolicyCases(text, file);
  if (parsed.kind === "errors") throw invalid(parsed.errors);
  return parsed.cases;
}

function readText(io: CliIo, file: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), "utf8");
  } catch (cause) {
    throw new AegisError("invalid-input", `\`${file}\` cannot be read: ${errorText(cause)}`, { cause });
  }
}

function invalid(errors: readonly ConfigProblem[]): AegisError {
  return new AegisError("config-invalid", errors.map(formatProblem).join("; "));
}

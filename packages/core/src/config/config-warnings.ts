/** What loads but deserves a line in the log: weak keys, switched-off protection, settings that do nothing as they stand. */
import type { AegisConfig } from "./config-schema.ts";
import { type KeyPath, valueAt } from "./key-path.ts";

/** Shorter keys can be guessed by someone patient; ours are 43 characters. */
export const KEY_LENGTH_ADVISED = 16;

export interface ConfigWarning {
  readonly path: KeyPath;
  readonly message: string;
}

/** @param root what was written, before defaults: a plain-text key looks like an object afterwards. */
export function configWarnings(config: AegisConfig, root: unknown): ConfigWarning[] {
  return [...keyWarnings(config, root), ...mcpWarnings(config), ...policyWarnings(config)];
}

function keyWarnings({ tenants }: AegisConfig, root: unknown): ConfigWarning[] {
  return tenants.flatMap((tenant, index) =>
    tenant.api_keys.flatMap(({ key = "" }, at) => {
      const path = ["tenants", index, "api_keys", at];
      const found: ConfigWarning[] = [];
      if (typeof valueAt(root, path) === "string") {
        found.push({
          path,
          message: `an API key of tenant "${tenant.id}" has no role and gets operator; write key and role`,
        });
      }
      if (key.length < KEY_LENGTH_ADVISED) {
        found.push({
          path,
          message: `an API key of tenant "${tenant.id}" has fewer than ${KEY_LENGTH_ADVISED} characters; use a longer one`,
        });
      }
      return found;
    }),
  );
}

function mcpWarnings({ mcp_gateway }: AegisConfig): ConfigWarning[] {
  const found: ConfigWarning[] = [];
  const say = (key: string, message: string): void => void found.push({ path: ["mcp_gateway", key], message });
  if (!mcp_gateway.enabled) {
    if (mcp_gateway.upstreams.length > 0)
      say("upstreams", "the upstreams are not used while mcp_gateway.enabled is false; set it to true");
    return found;
  }
  if (!mcp_gateway.require_auth)
    say("require_auth", "every process of this machine can call tools without a key; set require_auth to true");
  if (mcp_gateway.upstreams.length === 0)
    say("upstreams", "no upstream is configured, so there is no tool to call; add one");
  if (mcp_gateway.tool_pinning.mode === "off") {
    say(
      "tool_pinning",
      "a tool whose definition changed is called without a question; set tool_pinning.mode to review",
    );
  }
  return found;
}

function policyWarnings({ tool_policies, policy_packs }: AegisConfig): ConfigWarning[] {
  const { enabled, rules, rules_after, default_decision } = tool_policies;
  const path = ["tool_policies"];
  if (!enabled && default_decision === "allow")
    return [{ path, message: "every action is allowed while tool_policies.enabled is false; set it to true" }];
  if (!enabled && rules.length + rules_after.length > 0) {
    return [{ path, message: "the rules are not in force while tool_policies.enabled is false; set it to true" }];
  }
  if (enabled && policy_packs.length + rules.length + rules_after.length === 0) {
    return [
      {
        path,
        message: `no rule and no pack is in force, so every action gets ${default_decision ?? "block"}; add policy_packs or rules`,
      },
    ];
  }
  return [];
}

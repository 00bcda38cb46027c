/**
 * The configuration of a start without `--config`: pull-request writers' policy in front of the example forge, so
 * that the first call works before anything was configured. `AEGISFLOW_SELF` is this program's own path.
 */
import type { Environment } from "@aegisflow/core/config/expand-variables";

export const EMBEDDED_DEFAULT_NAME = "(built-in configuration)";

export const EMBEDDED_DEFAULT = `# The configuration of a start without --config.
policy_packs: [pr-writer]

mcp_gateway:
  enabled: true
  upstreams:
    - name: forge
      tools: ["github.*"]
      command: "\${AEGISFLOW_SELF}"
      args: ["\${AEGISFLOW_SELF_SCRIPT}", example-forge]
`;

/** The variables the text needs, added to the process's own: the program, and its script or `--`. */
export function withSelf(env: Environment, self: string, script = "--"): Environment {
  return { ...env, AEGISFLOW_SELF: self, AEGISFLOW_SELF_SCRIPT: script };
}

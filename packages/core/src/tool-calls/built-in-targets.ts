/**
 * What the tools of well-known MCP servers act on. Chosen by the namespace of the policy name: the name (or prefix)
 * the operator gave the upstream, never what the server says of itself.
 */

import { GITHUB_TOOLS } from "./github-targets.ts";
import { PLAYWRIGHT_TOOLS } from "./playwright-targets.ts";
import { FETCH_TOOLS, FILESYSTEM_TOOLS, GIT_TOOLS, POSTGRES_TOOLS, SLACK_TOOLS } from "./server-targets.ts";
import type { ToolTarget } from "./target-map.ts";

type ServerTools = Readonly<Record<string, ToolTarget>>;

const SERVERS: Readonly<Record<string, ServerTools>> = {
  github: GITHUB_TOOLS,
  gh: GITHUB_TOOLS,
  filesystem: FILESYSTEM_TOOLS,
  fs: FILESYSTEM_TOOLS,
  git: GIT_TOOLS,
  postgres: POSTGRES_TOOLS,
  postgresql: POSTGRES_TOOLS,
  pg: POSTGRES_TOOLS,
  fetch: FETCH_TOOLS,
  playwright: PLAYWRIGHT_TOOLS,
  browser: PLAYWRIGHT_TOOLS,
  slack: SLACK_TOOLS,
};

/** `github` + `create_pull_request`. Case-sensitive: a tool with another spelling is another tool. */
export function builtInTarget(namespace: string, tool: string): ToolTarget | undefined {
  const tools = Object.hasOwn(SERVERS, namespace) ? SERVERS[namespace] : undefined;
  return tools !== undefined && Object.hasOwn(tools, tool) ? tools[tool] : undefined;
}

/** Every mapped tool, for the corpus test. */
export function builtInTargets(): readonly (readonly [namespace: string, tool: string, target: ToolTarget])[] {
  return Object.entries(SERVERS).flatMap(([namespace, tools]) =>
    Object.entries(tools).map(([tool, target]) => [namespace, tool, target] as const),
  );
}

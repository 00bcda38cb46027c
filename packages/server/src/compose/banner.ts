/** What the person who started the server reads. The administrator's key is shown at the first start and never again. */
import { PRODUCT_VERSION } from "@aegisflow/core/version";
import type { FirstKeys } from "../identity/identity.ts";
import type { Listener } from "../runtime/runtime.ts";

export interface BannerFacts {
  readonly home: string;
  readonly configFile: string | undefined;
  readonly listeners: { readonly gateway: Listener; readonly admin: Listener; readonly mcp: Listener | undefined };
  readonly firstKeys: FirstKeys | undefined;
  readonly replacedAdminKey: string | undefined;
}

export function bannerOf({ home, configFile, listeners, firstKeys, replacedAdminKey }: BannerFacts): string {
  const rows: [string, string][] = [
    ["config", configFile ?? "built-in (pass --config FILE for your own)"],
    ["data", home],
    ["admin", `${urlOf(listeners.admin)}  (approvals: ${urlOf(listeners.admin)}/approvals)`],
    ["MCP", listeners.mcp === undefined ? "off (mcp_gateway.enabled)" : `${urlOf(listeners.mcp)}/mcp`],
    ["gateway", urlOf(listeners.gateway)],
  ];
  if (firstKeys !== undefined) {
    rows.push(["admin key", `${firstKeys.adminKey}   <- shown this once: keep it, it approves actions`]);
    rows.push(["agent key", `in ${firstKeys.agentKeyFile}   <- for the agent; it cannot approve`]);
  }
  if (replacedAdminKey !== undefined)
    rows.push(["admin key", `${replacedAdminKey}   <- new; the old one no longer works`]);
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
  return `AegisFlow ${PRODUCT_VERSION}\n${lines.join("\n")}\n`;
}

function urlOf({ host, port }: Listener): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

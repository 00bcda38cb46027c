/** aegisctl status: is everything up and sound? Exit status 1 when anything is down or invalid. */
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { collectStatus, type InstallationStatus, type ListenerStatus } from "../collect-status.ts";
import { printJson } from "../output/json.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { toRelativeTime } from "../output/times.ts";

export function addStatusCommand(program: Command, io: CliIo): void {
  program
    .command("status")
    .description("show whether everything is up and sound; exit status 1 when not")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const status = await collectStatus(io);
      if (json) printJson(io, status);
      else io.stdout(renderStatus(status, Date.now()));
      if (!status.healthy) io.exit(1);
    });
}

function renderStatus(status: InstallationStatus, nowMs: number): string {
  const listeners: [string, string][] = [
    ["Gateway", upOrDown(status.gateway)],
    ["Admin", upOrDown(status.admin)],
    ["MCP", upOrDown(status.mcp)],
  ];
  return renderFields([...listeners, ...insideFields(status, nowMs)]) + renderUpstreams(status);
}

function insideFields(
  { server, pending, sessions, chain_valid, config_error, error }: InstallationStatus,
  nowMs: number,
): [string, string][] {
  if (server === undefined) return [["Error", error ?? "the server could not be asked"]];
  const { evidence, policy, break_glass, warnings } = server;
  return [
    ["Version", `${server.version} on ${server.runtime}, started ${toRelativeTime(server.started_at, nowMs)}`],
    ["Policy", `version ${policy.version}, default ${policy.default_decision}`],
    ["Config", config_error === undefined ? "ok" : `REFUSED, the last good one stays in force: ${config_error}`],
    ["Approvals", pending === 0 ? "0 pending" : `${pending} pending (run: aegisctl pending)`],
    [
      "Evidence",
      `${chain_valid ? "valid" : "INVALID"}, ${evidence.records} records, ${sessions} sessions: ${evidence.detail}`,
    ],
    ...(break_glass === undefined
      ? []
      : [
          ["Break-glass", `IN FORCE, ends ${toRelativeTime(break_glass.expires_at, nowMs)}`] satisfies [string, string],
        ]),
    ...warnings.filter((warning) => warning !== config_error).map((warning): [string, string] => ["Warning", warning]),
  ];
}

function renderUpstreams({ server }: InstallationStatus): string {
  if (server === undefined || server.upstreams.length === 0) return "";
  const counted = server.upstreams.some(({ tools }) => tools !== undefined);
  const rows = server.upstreams.map(({ name, state, tools }) => [
    name,
    state,
    ...(counted ? [String(tools ?? "")] : []),
  ]);
  return `\n${renderTable(["UPSTREAM", "STATE", ...(counted ? ["TOOLS"] : [])], rows)}`;
}

function upOrDown({ url, healthy }: ListenerStatus): string {
  return `${healthy ? "UP" : "DOWN"}  ${url}`;
}

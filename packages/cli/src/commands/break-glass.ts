/**
 * aegisctl break-glass: for a while, failing engines are skipped instead of blocking everything. It never overrides a
 * block, always expires, and is in evidence with its reason.
 */
import type { BreakGlassGrant } from "@aegisflow/core/admin-api/installation-routes";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { toOneLine } from "../output/terminal-text.ts";
import { toShortTime } from "../output/times.ts";
import { parseCount } from "../parse-option.ts";

const GRANTS_SHOWN = 50;

export function addBreakGlassCommands(program: Command, io: CliIo): void {
  const breakGlass = program
    .command("break-glass")
    .description("let failing engines be skipped for a while, on the record");
  addGrant(breakGlass, io);
  addRevoke(breakGlass, io);
  addStatus(breakGlass, io);
}

interface GrantOptions {
  readonly tenant: string;
  readonly reason: string;
  readonly minutes: number;
  readonly json?: true;
}

function addGrant(breakGlass: Command, io: CliIo): void {
  breakGlass
    .command("grant")
    .description("begin; needs role admin")
    .requiredOption("--reason <text>", "why; goes into evidence")
    .requiredOption("--minutes <n>", "how long", parseCount)
    .option("--tenant <id>", "whose actions it covers", "default")
    .option("--json", "print JSON")
    .action(async ({ tenant, reason, minutes, json }: GrantOptions) => {
      const grant = await connectAdmin(io).call("breakGlass.grant", { body: { tenant, reason, minutes } });
      if (json) return printJson(io, grant);
      io.stdout(
        `${toOneLine(`Granted: ${grant.id} for tenant ${grant.tenant} until ${toShortTime(grant.expires_at)}`)}\n`,
      );
    });
}

function addRevoke(breakGlass: Command, io: CliIo): void {
  breakGlass
    .command("revoke")
    .description("end a grant now; needs role admin")
    .argument("<id>")
    .option("--json", "print JSON")
    .action(async (id: string, { json }: { json?: true }) => {
      const grant = await connectAdmin(io).call("breakGlass.revoke", { params: { id } });
      if (json) return printJson(io, grant);
      io.stdout(`Revoked: ${grant.id}\n`);
    });
}

function addStatus(breakGlass: Command, io: CliIo): void {
  breakGlass
    .command("status")
    .description("list grants, newest first")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const grants = await connectAdmin(io).all("breakGlass.list", {}, (answer) => answer.grants, GRANTS_SHOWN);
      if (json) return printJson(io, grants);
      const active = grants.filter((grant) => grant.active).length;
      io.stdout(active === 0 ? "No grant is in force.\n" : `${active} in force.\n`);
      if (grants.length > 0) io.stdout(renderGrants(grants));
    });
}

function renderGrants(grants: readonly BreakGlassGrant[]): string {
  const rows = grants.map((grant) => [
    grant.id,
    grant.active ? "in force" : grant.revoked_at === undefined ? "expired" : "revoked",
    grant.tenant,
    grant.granted_by,
    toShortTime(grant.granted_at),
    toShortTime(grant.revoked_at ?? grant.expires_at),
    grant.reason,
  ]);
  return renderTable(["ID", "STATE", "TENANT", "BY", "FROM", "UNTIL", "REASON"], rows);
}

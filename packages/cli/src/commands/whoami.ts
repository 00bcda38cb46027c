/** aegisctl whoami: whose key this is. */
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields } from "../output/table.ts";

export function addWhoamiCommand(program: Command, io: CliIo): void {
  program
    .command("whoami")
    .description("show whose key this is")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const me = await connectAdmin(io).call("whoami.get");
      if (json) return printJson(io, me);
      const tenant = me.tenant_name === "" ? me.tenant_id : `${me.tenant_id} (${me.tenant_name})`;
      io.stdout(
        renderFields([
          ["Id", me.id],
          ["Name", me.name],
          ["Role", me.role],
          ["Tenant", tenant],
        ]),
      );
    });
}

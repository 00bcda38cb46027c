/** aegisctl keys: API keys of agents and people. A secret is printed once, when it is made. */
import type { ApiKeyView, NewApiKey } from "@aegisflow/core/admin-api/key-routes";
import { ROLES, type Role } from "@aegisflow/core/identity/principal";
import { type Command, Option } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { toShortTime } from "../output/times.ts";
import { parseCount } from "../parse-option.ts";

const KEYS_MAX = 10_000;

export function addKeysCommands(program: Command, io: CliIo): void {
  const keys = program.command("keys").description("list, create, rotate and revoke API keys");
  addList(keys, io);
  addCreate(keys, io);
  addRotate(keys, io);
  addRevoke(keys, io);
}

function addList(keys: Command, io: CliIo): void {
  keys
    .command("list")
    .description("list keys, never their secrets")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const all = await connectAdmin(io).all("keys.list", {}, (answer) => answer.keys, KEYS_MAX);
      if (json) return printJson(io, all);
      const rows = all.map((key) => [key.id, key.name, key.role, key.tenant, key.source, stateOf(key)]);
      io.stdout(renderTable(["ID", "NAME", "ROLE", "TENANT", "FROM", "STATE"], rows));
    });
}

interface CreateOptions {
  readonly role: Role;
  readonly tenant?: string;
  readonly days?: number;
  readonly json?: true;
}

function addCreate(keys: Command, io: CliIo): void {
  keys
    .command("create")
    .description("make a key and print it, once")
    .argument("<name>", "whose key it is")
    .addOption(new Option("--role <role>", "what it may do").choices([...ROLES]).makeOptionMandatory())
    .option("--tenant <id>", "tenant it belongs to (default: one's own)")
    .option("--days <n>", "days until it expires (default: never)", parseCount)
    .option("--json", "print JSON")
    .action(async (name: string, { role, tenant, days, json }: CreateOptions) => {
      const made = await connectAdmin(io).call("keys.create", {
        body: {
          name,
          role,
          ...(tenant === undefined ? {} : { tenant }),
          ...(days === undefined ? {} : { expires_in_days: days }),
        },
      });
      showSecret(io, made, json === true);
    });
}

function addRotate(keys: Command, io: CliIo): void {
  keys
    .command("rotate")
    .description("give a key a new secret and print it, once")
    .argument("<id>")
    .option("--overlap <minutes>", "how long the old secret still works (default: not at all)", parseCount)
    .option("--json", "print JSON")
    .action(async (id: string, { overlap, json }: { overlap?: number; json?: true }) => {
      const body = overlap === undefined ? {} : { overlap_minutes: overlap };
      showSecret(io, await connectAdmin(io).call("keys.rotate", { params: { id }, body }), json === true);
    });
}

function addRevoke(keys: Command, io: CliIo): void {
  keys
    .command("revoke")
    .description("end a key now")
    .argument("<id>")
    .option("--json", "print JSON")
    .action(async (id: string, { json }: { json?: true }) => {
      const key = await connectAdmin(io).call("keys.revoke", { params: { id } });
      if (json) return printJson(io, key);
      io.stdout(`Revoked: ${key.id}\n`);
    });
}

function showSecret(io: CliIo, made: NewApiKey, json: boolean): void {
  const { key, secret } = made;
  if (json) {
    printJson(io, made);
    return;
  }
  io.stdout(
    renderFields([
      ["Id", key.id],
      ["Role", `${key.role}, tenant ${key.tenant}`],
      ["Key", secret],
    ]),
  );
  io.stderr("The key is shown this once; only its hash is kept.\n");
}

function stateOf({ revoked_at, expires_at }: ApiKeyView): string {
  if (revoked_at !== undefined) return `revoked ${toShortTime(revoked_at)}`;
  return expires_at === undefined ? "active" : `active until ${toShortTime(expires_at)}`;
}

/** aegisctl tools: remembered definitions of upstreams' tools, what changed in them, and accepting a change. */
import type { AdminClient } from "@aegisflow/client";
import type { ToolPin } from "@aegisflow/core/admin-api/installation-routes";
import { AegisError } from "@aegisflow/core/errors";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { escapeInvisible, toOneLine } from "../output/terminal-text.ts";
import { toShortTime } from "../output/times.ts";

const PINS_MAX = 20_000;

export function addToolsCommands(program: Command, io: CliIo): void {
  const tools = program.command("tools").description("look at remembered tool definitions and accept changed ones");
  addList(tools, io);
  addDiff(tools, io);
  addAccept(tools, io);
}

function addList(tools: Command, io: CliIo): void {
  tools
    .command("list")
    .description("list remembered tools")
    .option("--waiting", "only those that wait for a person")
    .option("--json", "print JSON")
    .action(async ({ waiting, json }: { waiting?: true; json?: true }) => {
      const pins = await loadPins(connectAdmin(io), waiting === true);
      if (json) return printJson(io, pins);
      if (pins.length === 0) return io.stdout(waiting ? "No tool waits.\n" : "No tool was seen yet.\n");
      const rows = pins.map((pin) => [pin.upstream, pin.tool, pin.state, toShortTime(pin.changed_at), findingsOf(pin)]);
      io.stdout(renderTable(["UPSTREAM", "TOOL", "STATE", "SINCE", "FINDINGS"], rows));
    });
}

interface PinOptions {
  readonly upstream?: string;
  readonly json?: true;
}

function addDiff(tools: Command, io: CliIo): void {
  tools
    .command("diff")
    .description("show what changed in a tool's definition, and what is suspicious in it")
    .argument("<tool>", "the tool's name at its upstream")
    .option("--upstream <name>", "when several upstreams have such a tool")
    .option("--json", "print JSON")
    .action(async (tool: string, { upstream, json }: PinOptions) => {
      const pin = await findPin(connectAdmin(io), tool, upstream);
      if (json) return printJson(io, pin);
      io.stdout(renderPin(pin));
    });
}

function addAccept(tools: Command, io: CliIo): void {
  tools
    .command("accept")
    .description("trust a tool's definition as it is now; its calls stop going to review")
    .argument("<tool>", "the tool's name at its upstream")
    .requiredOption("--hash <hash>", "the definition you looked at, as aegisctl tools diff shows it")
    .option("--upstream <name>", "when several upstreams have such a tool")
    .option("--json", "print JSON")
    .action(async (tool: string, { hash, upstream, json }: PinOptions & { hash: string }) => {
      const admin = connectAdmin(io);
      const found = await findPin(admin, tool, upstream);
      const pin = await admin.call("toolPins.accept", { body: { upstream: found.upstream, tool: found.tool, hash } });
      if (json) return printJson(io, pin);
      io.stdout(`${toOneLine(`Accepted: ${pin.tool} of ${pin.upstream}`)}\n`);
    });
}

function loadPins(admin: AdminClient, waiting: boolean): Promise<readonly ToolPin[]> {
  const query = { waiting: waiting ? "true" : "false" } as const;
  return admin.all("toolPins.list", { query }, (answer) => answer.pins, PINS_MAX);
}

async function findPin(admin: AdminClient, tool: string, upstream: string | undefined): Promise<ToolPin> {
  const named = (await loadPins(admin, false)).filter((pin) => pin.tool === tool);
  const found = upstream === undefined ? named : named.filter((pin) => pin.upstream === upstream);
  const [pin, second] = found;
  if (pin === undefined)
    throw new AegisError("not-found", `no tool \`${tool}\` is remembered; aegisctl tools list shows them`);
  if (second === undefined) return pin;
  throw new AegisError(
    "invalid-input",
    `several upstreams have \`${tool}\`; name one with --upstream: ${found.map((each) => each.upstream).join(", ")}`,
  );
}

function renderPin(pin: ToolPin): string {
  const head = renderFields([
    ["Tool", `${pin.tool} of ${pin.upstream}`],
    ["State", pin.state],
    ["Accepted", pin.accepted_hash],
    ["Seen now", pin.seen_hash],
    ...pin.findings.map(({ kind, where, what }): [string, string] => ["Finding", `${kind} in ${where}: ${what}`]),
  ]);
  const changes = pin.changes.map(({ path, before, after }) => renderChange(path, before, after));
  const next =
    pin.state === "accepted"
      ? ""
      : `\nTo trust it: aegisctl tools accept ${pin.tool} --upstream ${pin.upstream} --hash ${pin.seen_hash}\n`;
  return escapeInvisible(head + changes.join("") + next);
}

function renderChange(path: string, before: string | undefined, after: string | undefined): string {
  const marked = (mark: string, text: string | undefined): string =>
    text === undefined
      ? ""
      : text
          .split("\n")
          .map((line) => `  ${mark} ${line}\n`)
          .join("");
  return `${path}\n${marked("-", before)}${marked("+", after)}`;
}

function findingsOf({ findings }: ToolPin): string {
  return findings.map(({ kind, where }) => `${kind} in ${where}`).join("; ");
}

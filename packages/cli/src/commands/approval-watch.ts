/** aegisctl watch: shows each action as it starts to wait and how it was settled, until interrupted. */
import type { AdminClient } from "@aegisflow/client";
import type { ApprovalItem } from "@aegisflow/core/admin-api/approval-routes";
import { isAegisError } from "@aegisflow/core/errors";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { renderApproval } from "../output/approval.ts";
import { printJsonLine } from "../output/json.ts";
import { toOneLine } from "../output/terminal-text.ts";

/** Soon enough for a person, light enough for a server. */
const POLL_INTERVAL_MS = 1_000;
const PENDING_MAX = 1_000;
const ARGUMENT_CHARS_MAX = 4_000;

export function addWatchCommand(program: Command, io: CliIo): void {
  program
    .command("watch")
    .description("show what starts to wait for a person and how it is settled, until Ctrl-C")
    .option("--json", "print one JSON object per line")
    .action(async ({ json }: { json?: true }) => {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      process.once("SIGTERM", () => interrupted.abort());
      await watchApprovals({ io, admin: connectAdmin(io), json: json === true, signal: interrupted.signal });
    });
}

interface Watch {
  readonly io: CliIo;
  readonly admin: AdminClient;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. A server that does not answer for a while is reported once and asked again. */
export async function watchApprovals(watch: Watch): Promise<void> {
  const { io, signal } = watch;
  let waiting: ReadonlyMap<string, ApprovalItem> = new Map();
  let reachable = true;
  let first = true;
  while (!signal.aborted) {
    try {
      waiting = await showChanges(watch, waiting);
      if (first && waiting.size === 0 && !watch.json) io.stdout("Nothing waits for a person.\n");
      if (!reachable) io.stderr("aegisctl: the server answers again\n");
      reachable = true;
      first = false;
    } catch (error) {
      if (signal.aborted) return;
      if (first || !isAegisError(error) || !error.retryable) throw error;
      if (reachable) io.stderr(`aegisctl: ${toOneLine(error.message)}; trying again\n`);
      reachable = false;
    }
    await pause(signal);
  }
}

async function showChanges(
  watch: Watch,
  before: ReadonlyMap<string, ApprovalItem>,
): Promise<ReadonlyMap<string, ApprovalItem>> {
  const { admin, signal } = watch;
  const pending = await admin.all("approvals.list", { signal }, (answer) => answer.pending, PENDING_MAX);
  const now = new Map(pending.map((item) => [item.id, item]));
  for (const item of pending.toReversed()) if (!before.has(item.id)) showWaiting(watch, item);
  for (const id of before.keys()) {
    if (!now.has(id)) showSettled(watch, await admin.call("approvals.get", { params: { id }, signal }));
  }
  return now;
}

function showWaiting({ io, json }: Watch, item: ApprovalItem): void {
  if (json) printJsonLine(io, item);
  else io.stdout(`${renderApproval(item, { nowMs: Date.now(), argumentCharsMax: ARGUMENT_CHARS_MAX })}\n`);
}

function showSettled({ io, json }: Watch, item: ApprovalItem): void {
  // It only fell off the end of a very long list.
  if (item.status === "pending") return;
  const by = item.reviewer === undefined ? "" : ` by ${item.reviewer}`;
  if (json) printJsonLine(io, item);
  else io.stdout(`${toOneLine(`${item.id} (${item.envelope.tool}) is ${item.status}${by}`)}\n\n`);
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, POLL_INTERVAL_MS);
    signal.addEventListener("abort", done);
  });
}

/**
 * aegisctl verify: with a file, checks the bundle offline; without, asks the server to check one session or all that
 * it has. What a server says of itself is a health check, not a proof: strangers verify files.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { AdminClient } from "@aegisflow/client";
import type { EvidenceVerification } from "@aegisflow/core/admin-api/evidence-routes";
import { AegisError } from "@aegisflow/core/errors";
import type { Command } from "commander";
import { connectAdmin } from "../admin-connection.ts";
import type { CliIo } from "../cli-io.ts";
import { printJson } from "../output/json.ts";
import { escapeInvisible, toOneLine } from "../output/terminal-text.ts";
import { addVerifyFileOptions, type VerifyFileOptions, verifyFile } from "./evidence-verify.ts";

/** More sessions take longer than a person waits; `--session` and exports check the others. */
const SESSIONS_MAX = 1_000;

interface VerifyOptions extends VerifyFileOptions {
  readonly session?: string;
  readonly tenant?: string;
}

export function addVerifyCommand(program: Command, io: CliIo): void {
  addVerifyFileOptions(
    program
      .command("verify")
      .description("verify a bundle offline, or ask the server to verify what it holds; exit status 2 on a failure")
      .argument("[file]", "a bundle"),
  )
    .option("--session <id>", "have the server verify this session")
    .option("--tenant <id>", "whose session (default: one's own tenant)")
    .action((file: string | undefined, options: VerifyOptions) => {
      if (file === undefined) return verifyOnServer(io, options);
      if (options.session !== undefined) throw new AegisError("invalid-input", "give a file or --session, not both");
      if (!existsSync(resolve(io.cwd, file))) {
        throw new AegisError(
          "invalid-input",
          `there is no file \`${file}\`; for a session of the server: --session ID`,
        );
      }
      return verifyFile(io, file, options);
    });
}

interface VerifiedSession {
  readonly session: string;
  readonly verification: EvidenceVerification;
}

async function verifyOnServer(io: CliIo, { session, tenant, json }: VerifyOptions): Promise<void> {
  const admin = connectAdmin(io);
  const wanted = session === undefined ? await allSessions(admin, tenant) : [{ session, tenant }];
  const verified: VerifiedSession[] = [];
  for (const each of wanted) {
    const query = each.tenant === undefined ? {} : { tenant: each.tenant };
    const verification = await admin.call("evidence.verify", { params: { sid: each.session }, query });
    verified.push({ session: each.session, verification });
    if (json !== true) io.stdout(renderVerification(each.session, verification));
  }
  if (json) printJson(io, session === undefined ? verified : verified[0]?.verification);
  else if (verified.length === 0) io.stdout("There is no session to verify.\n");
  if (verified.some(({ verification }) => !verification.valid)) io.exit(2);
}

async function allSessions(
  admin: AdminClient,
  tenant: string | undefined,
): Promise<{ session: string; tenant: string }[]> {
  const query = tenant === undefined ? {} : { tenant };
  const sessions = await admin.all("evidence.sessions", { query }, (answer) => answer, SESSIONS_MAX);
  return sessions.map((item) => ({ session: item.session_id, tenant: item.tenant }));
}

function renderVerification(
  session: string,
  { valid, total_records, message, verdicts }: EvidenceVerification,
): string {
  const { consistent, complete, existed_at, paired } = verdicts;
  const named = Object.entries({ consistent, complete, "existed-at": existed_at, paired });
  const lines = named.map(([name, { verdict, summary, reasons }]) => {
    const detail = verdict === "PASS" ? summary : reasons.join("; ");
    return `  ${name.padEnd(10)}  ${verdict.padEnd(11)}  ${toOneLine(detail)}\n`;
  });
  const head = `${valid ? "PASS" : "FAIL"}  ${toOneLine(session)}: ${toOneLine(message)} (${total_records} records)\n`;
  return escapeInvisible(head + lines.join(""));
}

/** A stranger verifies: export, offline PASS, and a tampered copy that FAILs, by two independent verifiers. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { shown, type Transcript } from "./transcript.ts";
import type { DemoWorld } from "./world.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const AEGISCTL = join(ROOT, "packages/cli/src/aegisctl.ts");
const SECOND_VERIFIER = join(ROOT, "packages/evidence/verifiers/verify.py");

export async function demoEvidence(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.chapter("A stranger verifies the evidence offline");
  const folder = mkdtempSync(join(tmpdir(), "aegisflow-demo-evidence-"));
  const sessions = await aegisctl(world, ["evidence", "sessions", "--json"]);
  const longest = longestSession(sessions.stdout);
  transcript.step("aegisctl lists the sessions", sessions.status === 0 && longest !== "", shown(sessions.stdout, 300));

  const bundle = join(folder, "session.aegis");
  const exported = await aegisctl(world, ["evidence", "export", longest, "--file", bundle]);
  transcript.step("one session is exported as a bundle", exported.status === 0, exported.stdout.trim());
  const trust = join(folder, "trust.policy");
  const policy = await aegisctl(world, ["evidence", "trust-policy", "--file", trust]);
  transcript.step(
    "the log's public key is written down once, as the trust root",
    policy.status === 0,
    readFileSync(trust, "utf8").trim(),
  );

  const honest = await offline(["evidence", "verify", bundle, "--policy", trust]);
  transcript.step("offline verification passes", honest.status === 0, honest.stdout.trim());
  const second = await run("python3", [SECOND_VERIFIER, "--policy", trust, bundle]);
  transcript.step("a second, independent verifier agrees", second.status === 0, second.stdout.trim());
  await tamperedCopyFails(transcript, bundle, trust, folder);
}

async function tamperedCopyFails(transcript: Transcript, bundle: string, trust: string, folder: string): Promise<void> {
  const tampered = join(folder, "tampered.aegis");
  const honest = readFileSync(bundle, "utf8");
  const edited = honest.replace('"effect":"review"', '"effect":"allow"');
  writeFileSync(tampered, edited);
  const ours = await offline(["evidence", "verify", tampered, "--policy", trust]);
  transcript.step("a copy with one decision changed fails", edited !== honest && ours.status === 2, ours.stdout.trim());
  const second = await run("python3", [SECOND_VERIFIER, "--policy", trust, tampered]);
  transcript.step("by the second verifier as well", second.status === 2, second.stdout.trim());
}

function longestSession(json: string): string {
  const parsed = JSON.parse(json) as { session_id: string; total_actions: number }[] | { sessions: never[] };
  const sessions = Array.isArray(parsed) ? parsed : parsed.sessions;
  const [longest] = sessions.toSorted((a, b) => b.total_actions - a.total_actions);
  return longest?.session_id ?? "";
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
}

function aegisctl(world: DemoWorld, args: readonly string[]): Promise<Ended> {
  const env = {
    ...process.env,
    AEGISFLOW_ADMIN_URL: world.product.adminUrl,
    AEGISFLOW_API_KEY: world.product.adminKey,
  };
  return run(process.execPath, [AEGISCTL, ...args], env);
}

/** As a stranger: no server address, no key. */
function offline(args: readonly string[]): Promise<Ended> {
  const { PATH = "", HOME = "" } = process.env;
  return run(process.execPath, [AEGISCTL, ...args], { PATH, HOME });
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((done) => {
    execFile(program, [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      done({ status, stdout: stdout + stderr });
    });
  });
}

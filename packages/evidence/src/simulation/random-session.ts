/**
 * An honest session at random: every flow the pipeline has (allowed, blocked, deferred, denied, approved at once or
 * on a later retry, approved from another session, failed, unknown), in any mix, among the records of other sessions.
 */

import { toHex } from "../encoding.ts";
import type { EntryDraft, LogEntry, MemoryLog } from "./memory-log.ts";
import { SYSTEM } from "./memory-log.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface SimulatedSession {
  readonly tenant: string;
  readonly sid: string;
  readonly closed: boolean;
}

interface Stage {
  readonly log: MemoryLog;
  readonly random: SeededRandom;
  readonly tenant: string;
  readonly sid: string;
  policy: string;
}

/** Writes one session of at most `actionsMax` actions into the log. */
export function simulateSession(log: MemoryLog, random: SeededRandom, actionsMax: number): SimulatedSession {
  const stage: Stage = {
    log,
    random,
    tenant: random.pick(["acme", "globex"]),
    sid: `s_${toHex(random.bytes(6))}`,
    policy: "",
  };
  loadPolicy(stage);
  append(stage, { kind: "tool.pin", p: { tool: "digest" } });
  const actions = random.below(actionsMax + 1);
  for (let i = 0; i < actions; i++) {
    if (random.chance(0.15)) loadPolicy(stage);
    if (random.chance(0.3)) log.append({ tenant: "other", sid: "bystander", kind: "admin.action" });
    random.pick([allowed, allowed, blocked, deferred, denied, approvedNow, approvedLater, approvedElsewhere])(stage);
  }
  if (random.chance(0.15)) decide(stage, "allow", fingerprint(stage));
  else if (random.chance(0.6)) {
    append(stage, { kind: "session.close" });
    return { tenant: stage.tenant, sid: stage.sid, closed: true };
  }
  return { tenant: stage.tenant, sid: stage.sid, closed: false };
}

/** Erases fields of the session's records: with a redaction record, or by keeping them from the export. */
export function hideFields(log: MemoryLog, random: SeededRandom, session: SimulatedSession): void {
  for (const entry of log.entries) {
    const fields = Object.keys(entry.body);
    const [field] = fields;
    if (entry.header.sid !== session.sid || field === undefined || !random.chance(0.2)) continue;
    if (random.chance(0.5)) {
      const p = {
        target: entry.leaf,
        fields: field,
        basis: "gdpr-17",
        authority_ref: "r_admin",
        requester_ref: "r_clerk",
      };
      log.append({ ...SYSTEM, kind: "redaction", p });
    }
    entry.body = Object.fromEntries(Object.entries(entry.body).filter(([name]) => name !== field));
  }
}

function append(stage: Stage, draft: Omit<EntryDraft, "tenant" | "sid">): LogEntry {
  return stage.log.append({ tenant: stage.tenant, sid: stage.sid, ...draft });
}

function loadPolicy(stage: Stage): void {
  stage.policy = `sha256:${toHex(stage.random.bytes(32))}`;
  stage.log.append({ ...SYSTEM, kind: "policy.load", p: { policy: stage.policy, version: "1" } });
}

function fingerprint({ random }: Stage): string {
  return toHex(random.bytes(32));
}

function decide(stage: Stage, effect: string, fp: string): LogEntry {
  const { random, policy } = stage;
  const tool = random.pick(["github.create_pull_request", "fs.write", "shell.exec", "sql.select"]);
  const p = {
    cap: "write",
    effect,
    engine: "tool-rules",
    fp,
    lat_us: "41",
    policy,
    policy_version: "1",
    proto: "mcp",
    rule: `pack/${random.below(40)}`,
  };
  const disclosures = {
    actor: { id: "k_1", type: "agent" },
    args: `{"n":${random.below(1000)}}`,
    target: "acme/repo <é|☃>",
    tool,
  };
  return append(stage, { kind: "decision", p, disclosures });
}

function conclude(stage: Stage, decision: LogEntry, status: string): void {
  const { fp = "" } = decision.header.p;
  const disclosures = status === "executed" ? { response: { ok: true, ratio: 0.25, at: ["x", null] } } : {};
  append(stage, { kind: "outcome", p: { fp, status, dur_us: "1200" }, ref: { decision: decision.leaf }, disclosures });
}

function allowed(stage: Stage): void {
  const decision = decide(stage, "allow", fingerprint(stage));
  if (stage.random.chance(0.3)) append(stage, { kind: "cred.issue", p: { lease: "l1" } });
  conclude(stage, decision, stage.random.pick(["executed", "executed", "failed", "unknown", "cancelled"]));
}

function blocked(stage: Stage): void {
  const decision = decide(stage, "block", fingerprint(stage));
  if (stage.random.chance(0.3)) conclude(stage, decision, "blocked");
}

function ask(stage: Stage, decision: LogEntry): LogEntry {
  const { fp = "" } = decision.header.p;
  return append(stage, {
    kind: "approval.request",
    p: { approval: toHex(stage.random.bytes(8)), fp },
    ref: { decision: decision.leaf },
  });
}

function vote(stage: Stage, request: LogEntry, word: string): LogEntry {
  const { approval = "", fp = "" } = request.header.p;
  const p = { vote: word, approval, fp, reviewer_ref: "r_reviewer", requester_ref: "r_requester" };
  return append(stage, {
    kind: "approval.vote",
    p,
    ref: { request: request.leaf },
    disclosures: { reviewer: "Dana <dana@example>", comment: "ok" },
  });
}

function spend(stage: Stage, decision: LogEntry, voted: LogEntry): void {
  const { approval = "", fp = "" } = voted.header.p;
  append(stage, { kind: "approval.consume", p: { approval, fp }, ref: { decision: decision.leaf, vote: voted.leaf } });
  conclude(stage, decision, stage.random.pick(["executed", "executed", "failed"]));
}

function deferred(stage: Stage): void {
  const decision = decide(stage, "review", fingerprint(stage));
  ask(stage, decision);
  if (stage.random.chance(0.5)) conclude(stage, decision, "blocked");
}

function denied(stage: Stage): void {
  const decision = decide(stage, "review", fingerprint(stage));
  vote(stage, ask(stage, decision), "deny");
  conclude(stage, decision, "denied");
}

function approvedNow(stage: Stage): void {
  const decision = decide(stage, "review", fingerprint(stage));
  spend(stage, decision, vote(stage, ask(stage, decision), "approve"));
}

function approvedLater(stage: Stage): void {
  const fp = fingerprint(stage);
  const asked = decide(stage, "review", fp);
  const voted = vote(stage, ask(stage, asked), "approve");
  spend(stage, decide(stage, "review", fp), voted);
}

/** The first attempt ran in another session of the same requester. */
function approvedElsewhere(stage: Stage): void {
  const fp = fingerprint(stage);
  const elsewhere: Stage = { ...stage, sid: `${stage.sid}_before` };
  const voted = vote(elsewhere, ask(elsewhere, decide(elsewhere, "review", fp)), "approve");
  spend(stage, decide(stage, "review", fp), voted);
}

/**
 * Decisions and what came of them: every allow and every approved review has exactly one outcome, nothing that was
 * blocked or never approved was executed, and every approval was given by someone else for exactly this action,
 * and spent once.
 */
import type { ParsedRecord } from "./bundle-lines.ts";
import type { ParsedBundle } from "./bundle-parse.ts";
import type { Findings } from "./findings.ts";
import { type DecisionLife, decisionLives, isOpen } from "./pairing.ts";

export interface PairingCounts {
  readonly decisions: number;
  readonly outcomes: number;
  /** Decisions without an end, in a session that is still open. */
  readonly open: number;
}

type Life = DecisionLife<ParsedRecord>;

const STATUSES: ReadonlySet<string> = new Set([
  "executed",
  "failed",
  "blocked",
  "denied",
  "expired",
  "cancelled",
  "unknown",
]);
const EFFECTS: ReadonlySet<string> = new Set(["allow", "review", "block"]);

export function verifyPairing(findings: Findings, bundle: ParsedBundle): PairingCounts {
  const { lives, dangling } = decisionLives(bundle.records);
  for (const { header } of dangling)
    findings.fail("paired", `${header.kind} #${header.seq} answers no decision of this session`);
  for (const life of lives) verifyLife(findings, life);
  verifyApprovals(findings, bundle, lives);
  const open = verifyOpen(findings, bundle, lives);
  const outcomes = lives.reduce((sum, life) => sum + life.outcomes.length, 0);
  findings.summarize("paired", `${lives.length} decisions, ${outcomes} outcomes${open > 0 ? `, ${open} open` : ""}`);
  return { decisions: lives.length, outcomes, open };
}

function verifyLife(findings: Findings, { decision, consumes, outcomes }: Life): void {
  const { seq, p } = decision.header;
  const name = `decision #${seq} (${p.effect ?? "?"})`;
  if (!EFFECTS.has(p.effect ?? "")) findings.fail("paired", `${name} is neither allow, review nor block`);
  if (outcomes.length > 1) findings.fail("paired", `${name} has ${outcomes.length} outcomes`);
  if (consumes.length > 1) findings.fail("paired", `${name} took ${consumes.length} approvals`);
  if (consumes.length > 0 && p.effect !== "review") findings.fail("paired", `${name} took an approval it did not need`);
  const consumed = consumes[0]?.header.seq ?? Number.POSITIVE_INFINITY;
  for (const { header } of outcomes) {
    const executed = header.p.status === "executed";
    if (!STATUSES.has(header.p.status ?? "")) findings.fail("paired", `outcome #${header.seq} has an unknown status`);
    if (executed && header.cm.response === undefined)
      findings.fail("paired", `outcome #${header.seq} was executed but commits to no response`);
    if (executed && p.effect === "block") findings.fail("paired", `${name} was executed`);
    if (executed && p.effect === "review" && header.seq < consumed)
      findings.fail("paired", `${name} was executed without an approval`);
  }
  for (const { header } of [...consumes, ...outcomes]) {
    if (header.p.fp !== undefined && header.p.fp !== p.fp)
      findings.fail("paired", `${header.kind} #${header.seq} is of another action than ${name}`);
  }
}

/** In an open session, decisions may be open if the exporter said so; in a closed one never. */
function verifyOpen(findings: Findings, { manifest, records }: ParsedBundle, lives: readonly Life[]): number {
  const open = lives.filter(isOpen).map(({ decision }) => decision);
  const closed = records.at(-1)?.header.kind === "session.close";
  const reported = open.length === manifest.open.length && open.every(({ leaf }, i) => leaf === manifest.open[i]);
  if (!reported) findings.fail("paired", "the open decisions are not the ones the bundle reports as open");
  if (closed || !reported) {
    for (const { header } of open)
      findings.fail("paired", `decision #${header.seq} (${header.p.effect ?? "?"}) has no outcome`);
    return 0;
  }
  return open.length;
}

function verifyApprovals(findings: Findings, bundle: ParsedBundle, lives: readonly Life[]): void {
  const byLeaf = new Map([...bundle.records, ...bundle.context].map((record) => [record.leaf, record]));
  for (const { header } of byLeaf.values()) {
    if (header.kind === "approval.vote" && header.p.vote === "approve") verifyVoter(findings, header);
  }
  const spent = new Set<string>();
  const ended = endedApprovals(bundle.records);
  for (const { decision, consumes } of lives) {
    for (const consume of consumes) {
      const { header } = consume;
      const reason =
        approvalFault(byLeaf, decision, consume) ??
        ((ended.get(header.p.approval ?? "") ?? header.seq) < header.seq ? "it had ended before" : undefined) ??
        spendOnce(spent, byLeaf.get(header.ref.vote ?? ""));
      if (reason !== undefined) findings.fail("paired", `approval of decision #${decision.header.seq}: ${reason}`);
    }
  }
}

/** Where the session says that an approval expired or was cancelled, by approval id. */
function endedApprovals(records: readonly ParsedRecord[]): ReadonlyMap<string, number> {
  const ends = records.filter(({ header: { kind } }) => kind === "approval.expire" || kind === "approval.cancel");
  return new Map(ends.toReversed().map(({ header }) => [header.p.approval ?? "", header.seq]));
}

function verifyVoter(findings: Findings, { seq, p }: ParsedRecord["header"]): void {
  if (!p.reviewer_ref || !p.requester_ref)
    findings.fail("paired", `vote #${seq} does not say who voted on whose request`);
  else if (p.reviewer_ref === p.requester_ref) findings.fail("paired", `vote #${seq} was cast by the requester`);
}

/** Why this approval does not cover this decision; undefined when it does. */
function approvalFault(
  byLeaf: ReadonlyMap<string, ParsedRecord>,
  decision: ParsedRecord,
  consume: ParsedRecord,
): string | undefined {
  const vote = byLeaf.get(consume.header.ref.vote ?? "")?.header;
  if (vote?.kind !== "approval.vote") return "the vote is not in the bundle";
  if (vote.p.vote !== "approve") return "the vote was no approval";
  if (consume.header.p.approval !== vote.p.approval) return "the vote was on another request";
  const request = byLeaf.get(vote.ref.request ?? "")?.header;
  if (request?.kind !== "approval.request") return "the request is not in the bundle";
  const asked = byLeaf.get(request.ref.decision ?? "")?.header;
  if (asked?.kind !== "decision") return "the decision that asked for it is not in the bundle";
  const { fp, policy } = decision.header.p;
  if (fp === undefined || vote.p.fp !== fp || asked.p.fp !== fp)
    return "another action was approved than the one decided";
  if (asked.p.policy !== policy) return "it was given under another policy";
  return undefined;
}

function spendOnce(spent: Set<string>, vote: ParsedRecord | undefined): string | undefined {
  const names = [vote?.leaf ?? "", `approval ${vote?.header.p.approval ?? ""}`];
  if (names.some((name) => spent.has(name))) return "the approval was used before";
  for (const name of names) spent.add(name);
  return undefined;
}

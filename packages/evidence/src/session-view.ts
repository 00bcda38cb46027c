/**
 * A verified session as people read it: facts, the four verdicts, and one row for each decision with what came of
 * it. Only values whose commitment was verified are shown; others say why not. Plain data, not yet escaped.
 */
import type { ParsedRecord } from "./bundle-lines.ts";
import type { ParsedBundle } from "./bundle-parse.ts";
import { VERDICT_NAMES, type VerdictName, type VerdictReport } from "./findings.ts";
import type { LegacyReport } from "./legacy-bundle.ts";
import { type DecisionLife, decisionLives } from "./pairing.ts";
import type { BundleReport } from "./verify-bundle.ts";
import { fieldKey } from "./verify-disclosures.ts";

export interface SessionRow {
  readonly seq: string;
  readonly time: string;
  readonly tool: string;
  readonly target: string;
  readonly decision: string;
  readonly rule: string;
  readonly approver: string;
  readonly outcome: string;
}

export interface SessionView {
  readonly session: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly verdicts: readonly (readonly [name: VerdictName, report: VerdictReport])[];
  readonly disclosure: string;
  readonly notes: readonly string[];
  readonly rows: readonly SessionRow[];
}

/** The view of any verified bundle, old or new. */
export function sessionView(report: BundleReport | LegacyReport): SessionView {
  const verdicts = VERDICT_NAMES.map((name) => [name, report.verdicts[name]] as const);
  if (report.format === "legacy") return { ...legacyView(report), verdicts, notes: report.notes };
  const { bundle, disclosure: d, notes } = report;
  const disclosure = `${d.disclosed} disclosed, ${d.redacted} redacted, ${d.withheld} withheld, ${d.mismatched} mismatched`;
  if (bundle === undefined) return { session: "unreadable", facts: [], rows: [], verdicts, disclosure, notes };
  const rows = decisionLives(bundle.records).lives.map((life) => toRow(report, bundle, life));
  return { session: bundle.manifest.sid, facts: factsOf(bundle, rows), rows, verdicts, disclosure, notes };
}

function factsOf({ manifest, records, checkpoint }: ParsedBundle, rows: readonly SessionRow[]): SessionView["facts"] {
  const [first, last] = [records[0], records.at(-1)];
  return [
    ["Tenant", manifest.tenant],
    ["Log", `${checkpoint.origin}, size ${checkpoint.size}`],
    ["Started", toTime(first?.header.ts ?? "")],
    [
      "Last record",
      `${toTime(last?.header.ts ?? "")}${last?.header.kind === "session.close" ? " (closed)" : " (still open)"}`,
    ],
    ["Total actions", String(rows.length)],
    ...countBy(rows, ["allow", "Allowed"], ["review", "Reviewed"], ["block", "Blocked"]),
    ["Executed", String(rows.filter((row) => row.outcome === "executed").length)],
    ["Approved by a person", String(rows.filter((row) => row.approver !== "").length)],
    ["Last hash", last?.leaf ?? ""],
  ];
}

function countBy(rows: readonly SessionRow[], ...kinds: readonly (readonly [string, string])[]): SessionView["facts"] {
  return kinds.map(([kind, label]) => [label, String(rows.filter((row) => row.decision === kind).length)] as const);
}

function toRow(report: BundleReport, bundle: ParsedBundle, life: DecisionLife<ParsedRecord>): SessionRow {
  const { header } = life.decision;
  return {
    seq: String(header.seq),
    time: toTime(header.ts),
    tool: shownField(report, life.decision, "tool"),
    target: shownField(report, life.decision, "target"),
    decision: header.p.effect ?? "",
    rule: header.p.rule ?? "",
    approver: approverOf(report, bundle, life),
    outcome: outcomeOf(life),
  };
}

function outcomeOf({ decision, requests, outcomes }: DecisionLife<ParsedRecord>): string {
  const { status, why } = outcomes[0]?.header.p ?? {};
  if (status !== undefined) return why === undefined ? status : `${status} (${why})`;
  if (decision.header.p.effect === "block") return "not run";
  return requests.length > 0 ? "awaiting approval" : "open";
}

/** Who gave the approval that was spent: the disclosed name, or the pseudonym that the record holds. */
function approverOf(report: BundleReport, bundle: ParsedBundle, { consumes }: DecisionLife<ParsedRecord>): string {
  const leaf = consumes[0]?.header.ref.vote;
  const vote = [...bundle.records, ...bundle.context].find((record) => record.leaf === leaf);
  if (vote === undefined) return "";
  const named = report.fields.get(fieldKey(vote.leaf, "reviewer")) === "disclosed";
  return named ? shownField(report, vote, "reviewer") : (vote.header.p.reviewer_ref ?? "");
}

function shownField({ fields }: BundleReport, record: ParsedRecord, field: string): string {
  const state = fields.get(fieldKey(record.leaf, field));
  if (state === undefined) return "";
  if (state !== "disclosed") return `[${state}]`;
  const value = record.disclosures[field]?.[1];
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toTime(ts: string): string {
  return ts.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

function legacyView({ sessionId, records }: LegacyReport): Omit<SessionView, "verdicts" | "notes"> {
  const rows = records.map((record) => ({
    seq: String(record.index),
    time: toTime(record.timestamp),
    tool: record.tool,
    target: record.target,
    decision: record.decision,
    rule: "",
    approver: "",
    outcome: "not recorded",
  }));
  const facts: SessionView["facts"] = [
    ["Format", "bundle of the earlier product"],
    ["Total actions", String(rows.length)],
    ...countBy(rows, ["allow", "Allowed"], ["review", "Reviewed"], ["block", "Blocked"]),
    ["Last hash", records.at(-1)?.hash ?? ""],
  ];
  return { session: sessionId, facts, rows, disclosure: "everything is in the clear" };
}

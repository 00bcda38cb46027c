/** An approval as the person who decides must see it: the exact action, why it is asked, nothing that hides. */
import type { ApprovalItem } from "@aegisflow/core/admin-api/approval-routes";
import { renderFields } from "./table.ts";
import { escapeInvisible } from "./terminal-text.ts";
import { toRelativeTime, toShortTime } from "./times.ts";

export interface ApprovalOptions {
  readonly nowMs: number;
  /** Longer arguments are cut in a list, never without saying so. */
  readonly argumentCharsMax: number;
}

export function renderApproval(item: ApprovalItem, options: ApprovalOptions): string {
  const { envelope, decision } = item;
  const fields: [string, string][] = [
    ["Id", item.id],
    ["Tool", `${envelope.tool} (${envelope.protocol}, ${envelope.requested_capability})`],
    ["Target", envelope.target],
    ["Asked by", `${item.requester}, tenant ${item.tenant}, session ${envelope.actor.session_id}`],
    ["Asked", `${toShortTime(item.submitted_at)} (${toRelativeTime(item.submitted_at, options.nowMs)})`],
    ["Why", `${decision.rule}: ${decision.reason}`],
    ...effectFields(item),
    ...settlementFields(item, options.nowMs),
    ["Page", item.url],
  ];
  return `${renderFields(fields)}Arguments:\n${indent(renderArguments(item, options.argumentCharsMax))}`;
}

function effectFields({ envelope }: ApprovalItem): [string, string][] {
  if (envelope.effects.length === 0) return [];
  const effects = envelope.effects.map(({ kind, operation, flags = [] }) => [kind, operation, ...flags].join(" "));
  return [["Effects", effects.join("; ")]];
}

function settlementFields(item: ApprovalItem, nowMs: number): [string, string][] {
  if (item.status === "pending") return [["Expires", toRelativeTime(item.expire_at, nowMs)]];
  const by = item.reviewer === undefined ? "" : ` by ${item.reviewer}`;
  const at = item.reviewed_at === undefined ? "" : ` at ${toShortTime(item.reviewed_at)}`;
  const comment =
    item.review_comment === undefined || item.review_comment === ""
      ? []
      : [["Comment", item.review_comment] satisfies [string, string]];
  return [["Status", `${item.status}${by}${at}`], ...comment];
}

function renderArguments({ id, envelope }: ApprovalItem, charsMax: number): string {
  const text = escapeInvisible(JSON.stringify(envelope.parameters, null, 2));
  if (text.length <= charsMax) return text;
  const more = text.length - charsMax;
  return `${text.slice(0, charsMax)}\n… ${more} more characters: read them with aegisctl approvals show ${id}`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}\n`)
    .join("");
}

/** The reviews that wait, newest first. */
import type { ApprovalItem } from "@aegisflow/core/admin-api/admin-api";
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { riskOf } from "./action-view.ts";
import { remaining, timeOf } from "./approval-page.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { visible } from "./visible.ts";
import type { WebSession } from "./web-session.ts";

export interface ApprovalListInput {
  readonly items: readonly ApprovalItem[];
  readonly nextCursor: string | undefined;
  readonly session: WebSession;
  readonly nowMs: number;
}

export function approvalListPage({ items, nextCursor, session, nowMs }: ApprovalListInput): OutboundResponse {
  const table = html`<table class="list"><thead><tr><th>Action</th><th>Target</th><th>Asked by</th><th>Asked</th><th>Left</th></tr></thead>
<tbody>${items.map((item) => row(item, nowMs))}</tbody></table>`;
  const more = html`<p><a href="/approvals?cursor=${encodeURIComponent(nextCursor ?? "")}">Older requests</a></p>`;
  const content = html`<h1>Pending reviews</h1><section>${items.length === 0 ? html`<p class="soft">Nothing waits for a person.</p>` : table}
${nextCursor !== undefined && more}</section>`;
  return page("Pending reviews", content, { session });
}

function row({ id, envelope, requester, submitted_at, expire_at }: ApprovalItem, nowMs: number): Html {
  const risk = riskOf(envelope);
  return html`<tr><td><a href="/approvals/${encodeURIComponent(id)}">${visible(envelope.tool)}</a> <span class="chip ${risk}">${risk}</span></td>
<td><code>${visible(cut(envelope.target))}</code></td><td>${visible(requester)}</td><td>${timeOf(submitted_at)}</td><td>${remaining(expire_at, nowMs)}</td></tr>`;
}

/** A cell, not the text: the page of the approval shows all of it. */
const CELL_CHARS_MAX = 120;

function cut(text: string): string {
  return text.length > CELL_CHARS_MAX ? `${text.slice(0, CELL_CHARS_MAX)}…` : text;
}

/** One approval as a reviewer sees it: what would be done, why a person is asked, and the decision. */
import type { ApprovalItem } from "@aegisflow/core/admin-api/admin-api";
import { hasRole } from "@aegisflow/core/identity/principal";
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { argumentsView, effectsView, riskOf } from "./action-view.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { hasForeignCharacters, visible } from "./visible.ts";
import type { WebSession } from "./web-session.ts";

export interface ApprovalPageInput {
  readonly item: ApprovalItem;
  readonly session: WebSession;
  readonly nowMs: number;
  readonly problem?: { readonly status: number; readonly message: string } | undefined;
}

export function approvalPage({ item, session, nowMs, problem }: ApprovalPageInput): OutboundResponse {
  const content = html`${problem !== undefined && html`<p class="note bad" role="alert">${problem.message}</p>`}
${summary(item, nowMs)}${item.status !== "pending" && settlement(item)}${argumentsView(item.envelope)}
${effectsView(item.envelope)}${reasons(item)}${item.status === "pending" && decisionForm(item, session)}`;
  const status = problem === undefined ? {} : { status: problem.status };
  return page(`Review ${item.envelope.tool}`, content, { session, ...status });
}

function summary({ envelope, status, ...item }: ApprovalItem, nowMs: number): Html {
  const risk = riskOf(envelope);
  const { actor } = envelope;
  const odd = hasForeignCharacters(envelope.tool) || hasForeignCharacters(envelope.target);
  return html`<section><div class="head"><span class="chip ${status}">${status}</span><span class="chip ${risk}">${risk} risk</span>
<span class="soft">${envelope.requested_capability} over ${envelope.protocol}</span></div>
<h1>${visible(envelope.tool)}</h1><dl>
<dt>Target</dt><dd><code>${visible(envelope.target)}</code></dd>
<dt>Asked by</dt><dd>${visible(item.requester)} <small>${actor.type} · tenant ${visible(item.tenant)} · session ${visible(actor.session_id)}</small></dd>
<dt>Task</dt><dd>${visible(envelope.task)}</dd>
${fact("Justification", envelope.justification)}${fact("Environment", envelope.environment)}
<dt>Asked</dt><dd>${timeOf(item.submitted_at)}</dd>
<dt>Expires</dt><dd>${timeOf(item.expire_at)}${status === "pending" && html` <small>${remaining(item.expire_at, nowMs)}</small>`}</dd></dl>
${odd && html`<p class="note">The tool's or target's name holds characters that are not ASCII; some look like others.</p>`}</section>`;
}

function reasons({ decision }: ApprovalItem): Html {
  const { rule, engine, reason, source, suggestion, trace, policy_version } = decision;
  const rows = trace.map(
    (verdict) =>
      html`<tr><td>${visible(verdict.engine)}</td><td>${verdict.decision}</td><td><code>${visible(verdict.rule)}</code></td><td>${visible(verdict.reason)}</td></tr>`,
  );
  const table = html`<table><thead><tr><th>Engine</th><th>Verdict</th><th>Rule</th><th>Reason</th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<section><h2>Why a person is asked</h2><dl>
<dt>Reason</dt><dd>${visible(reason)}</dd>
<dt>Rule</dt><dd><code>${visible(rule)}</code> <small>${visible(engine)}${source !== undefined && html` · ${visible(source)}`} · policy version ${policy_version}</small></dd>
${fact("Safer way", suggestion)}</dl>${trace.length > 1 && table}</section>`;
}

function decisionForm(item: ApprovalItem, session: WebSession): Html {
  if (item.requester === session.principal.id) {
    return html`<p class="note">You asked for this yourself. Another person must decide (separation of duties).</p>`;
  }
  if (!hasRole(session.principal.role, "operator")) {
    return html`<p class="note">Your key may look, not decide; deciding needs the operator role.</p>`;
  }
  return html`<section><h2>Your decision</h2><form method="post">
<input type="hidden" name="csrf" value="${session.csrf}"><label for="comment">Comment <small>goes into evidence with your name</small></label>
<textarea id="comment" name="comment" maxlength="2000"></textarea><div class="buttons">
<button class="approve" formaction="/approvals/${encodeURIComponent(item.id)}/approve">Approve once</button>
<button class="deny" formaction="/approvals/${encodeURIComponent(item.id)}/deny">Deny</button></div></form></section>`;
}

const OUTCOMES: Readonly<Record<ApprovalItem["status"], string>> = {
  pending: "",
  approved: "Approved. The identical action may run once until it expires.",
  denied: "Denied. The same action is refused for a while.",
  expired: "Expired. Nobody answered in time, or the approval was not used.",
  consumed: "Approved and used. The action has been let through once.",
  cancelled: "Cancelled. The request was withdrawn.",
};

function settlement({ status, reviewer, reviewed_at, review_comment, vote_leaf }: ApprovalItem): Html {
  const good = status === "approved" || status === "consumed";
  return html`<section><h2>Result</h2><p class="note ${good ? "good" : "bad"}" role="status">${OUTCOMES[status]}</p><dl>
${fact("By", reviewer)}${reviewed_at !== undefined && html`<dt>At</dt><dd>${timeOf(reviewed_at)}</dd>`}
${review_comment !== "" && fact("Comment", review_comment)}${fact("Evidence", vote_leaf)}</dl>
<p><a href="/approvals">All pending reviews</a></p></section>`;
}

function fact(name: string, text: string | undefined): Html | undefined {
  return text === undefined ? undefined : html`<dt>${name}</dt><dd>${visible(text)}</dd>`;
}

export function timeOf(iso: string): Html {
  return html`<time datetime="${iso}">${iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC")}</time>`;
}

export function remaining(iso: string, nowMs: number): string {
  const minutes = Math.floor((Date.parse(iso) - nowMs) / 60_000);
  return minutes < 1 ? "less than a minute left" : `${minutes} min left`;
}

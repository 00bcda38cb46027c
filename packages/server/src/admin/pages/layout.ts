/** The frame of every page: its style, and headers under which nothing runs, loads, frames or caches it. */
import { createHash } from "node:crypto";
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { type Html, html } from "./html.ts";
import { STYLE } from "./style.ts";
import { visible } from "./visible.ts";
import type { WebSession } from "./web-session.ts";

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export interface PageOptions {
  readonly status?: number;
  readonly session?: WebSession | undefined;
}

export function page(title: string, content: Html, { status = 200, session }: PageOptions = {}): OutboundResponse {
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · AegisFlow</title><style>${{ html: STYLE }}</style></head><body>
<header><a class="brand" href="/approvals">AegisFlow</a>${session === undefined ? "" : signedIn(session)}</header>
<main>${content}</main></body></html>
`;
  return { status, headers: PAGE_HEADERS, body: document.html };
}

function signedIn({ principal, csrf }: WebSession): Html {
  return html`<form class="who" method="post" action="/approvals/sign-out"><input type="hidden" name="csrf" value="${csrf}">
<span>${visible(principal.name)} <small>${principal.role} · ${principal.tenant}</small></span><button class="quiet">Sign out</button></form>`;
}

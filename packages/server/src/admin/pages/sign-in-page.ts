/** The sign-in form. It says nothing about what is behind it. */
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { html } from "./html.ts";
import { page } from "./layout.ts";

/** @param to where to go after it; a path that was checked. */
export function signInPage(
  to: string,
  problem?: { readonly status: number; readonly message: string },
): OutboundResponse {
  const content = html`<section class="sign-in"><h1>Sign in to review</h1>
<p class="soft">Use the API key of a person who may review. It is checked, not stored; the session ends after 30 minutes.</p>
${problem === undefined ? "" : html`<p class="note bad" role="alert">${problem.message}</p>`}
<form method="post" action="/approvals/sign-in"><input type="hidden" name="to" value="${to}">
<label for="key">API key</label><input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<div class="buttons"><button class="approve">Sign in</button></div></form></section>`;
  return page("Sign in", content, { status: problem?.status ?? 401 });
}

/**
 * The approval pages: sign in with an API key, read the exact action, decide. Plain forms without any script; every
 * change carries the session's CSRF token, and Host and Origin were checked before.
 */
import { AegisError, isAegisError } from "@aegisflow/core/errors";
import { hasRole, type Principal } from "@aegisflow/core/identity/principal";
import { FORM_BODY_BYTES_MAX } from "../../http/body-limit.ts";
import { toErrorBody } from "../../http/error-response.ts";
import { createRouter } from "../../http/router.ts";
import type { InboundRequest, OutboundResponse } from "../../runtime/runtime.ts";
import type { AdminOptions, AdminPorts } from "../admin-ports.ts";
import { approvalListPage } from "./approval-list-page.ts";
import { approvalPage } from "./approval-page.ts";
import { html } from "./html.ts";
import { page } from "./layout.ts";
import { signInPage } from "./sign-in-page.ts";
import {
  createWebSessions,
  isRightCsrf,
  SESSION_COOKIE,
  SESSION_MS,
  type WebSession,
  type WebSessions,
} from "./web-session.ts";

const LIST_LIMIT = 50;
/** Where a sign-in may lead: nowhere but to these pages. */
const OWN_PATH = /^\/approvals(?:\/[\w.-]{1,100})?$/;

/** Undefined when the path is none of the pages'. */
export type PageHandler = (request: InboundRequest) => Promise<OutboundResponse> | undefined;

interface PageKit {
  readonly ports: Pick<AdminPorts, "approvals" | "identity">;
  readonly options: AdminOptions;
  readonly sessions: WebSessions;
}

interface PageRequest {
  readonly request: InboundRequest;
  readonly id: string;
}

type Page = (kit: PageKit, asked: PageRequest) => OutboundResponse | Promise<OutboundResponse>;

const ROUTER = createRouter<Page>([
  { method: "GET", path: "/approvals", value: showList },
  { method: "GET", path: "/approvals/{id}", value: showApproval },
  { method: "POST", path: "/approvals/{id}/approve", value: (kit, asked) => decide(kit, asked, "approve") },
  { method: "POST", path: "/approvals/{id}/deny", value: (kit, asked) => decide(kit, asked, "deny") },
  { method: "POST", path: "/approvals/sign-in", value: signIn },
  { method: "POST", path: "/approvals/sign-out", value: signOut },
]);

export function createPages(ports: PageKit["ports"], options: AdminOptions): PageHandler {
  const { clock, random } = options.sources;
  const isStillValid = (principal: Principal): boolean => ports.identity.authenticator.isStillValid(principal);
  const kit: PageKit = { ports, options, sessions: createWebSessions({ clock, random, isStillValid }) };
  return (request) => {
    const match = ROUTER.match(request.method, request.path);
    return match.kind === "found" ? serve(match.value, kit, { request, id: match.params["id"] ?? "" }) : undefined;
  };
}

function showList(kit: PageKit, { request }: PageRequest): OutboundResponse {
  const session = sessionOf(kit, request);
  if (session === undefined) return signInPage("/approvals");
  const cursor = new URLSearchParams(request.query).get("cursor") ?? undefined;
  const query = { statuses: ["pending"], limit: LIST_LIMIT, cursor } as const;
  const { items, nextCursor } = kit.ports.approvals.list(session.principal, query);
  return approvalListPage({ items, nextCursor, session, nowMs: kit.options.sources.clock.nowMs() });
}

function showApproval(kit: PageKit, { request, id }: PageRequest): OutboundResponse {
  const session = sessionOf(kit, request);
  if (session === undefined) return signInPage(ownPath(request.path));
  return approvalView(kit, session, id);
}

function approvalView(
  kit: PageKit,
  session: WebSession,
  id: string,
  problem?: { readonly status: number; readonly message: string },
): OutboundResponse {
  const item = kit.ports.approvals.get(id, session.principal);
  if (item === undefined) throw new AegisError("not-found", "there is no such approval, or it is not yours to see");
  return approvalPage({ item, session, nowMs: kit.options.sources.clock.nowMs(), problem });
}

async function decide(kit: PageKit, { request, id }: PageRequest, vote: "approve" | "deny"): Promise<OutboundResponse> {
  const session = sessionOf(kit, request);
  if (session === undefined) return signInPage(ownPath(`/approvals/${id}`));
  const form = await readForm(request);
  assertCsrf(session, form);
  try {
    const settled = await kit.ports.approvals[vote](id, session.principal, form.get("comment") ?? "");
    if (settled !== undefined) return seeOther(`/approvals/${encodeURIComponent(id)}`);
  } catch (error) {
    if (!isAegisError(error)) throw error;
    return approvalView(kit, session, id, problemOf(error));
  }
  return approvalView(kit, session, id, { status: 409, message: "this was settled already, or its time is over" });
}

async function signIn({ ports, options, sessions }: PageKit, { request }: PageRequest): Promise<OutboundResponse> {
  const form = await readForm(request);
  const target = ownPath(form.get("to") ?? "");
  try {
    const key = (form.get("key") ?? "").trim();
    const principal = ports.identity.authenticator.authenticateKey(key, request.remoteAddress);
    if (!hasRole(principal.role, "viewer")) {
      throw new AegisError("forbidden", "an agent's key cannot review; use the key of a person");
    }
    return seeOther(target, sessionCookie(sessions.open(principal), SESSION_MS / 1000, options.settings().isHttps));
  } catch (error) {
    if (!isAegisError(error)) throw error;
    return signInPage(target, problemOf(error));
  }
}

async function signOut(kit: PageKit, { request }: PageRequest): Promise<OutboundResponse> {
  const session = sessionOf(kit, request);
  if (session !== undefined) {
    assertCsrf(session, await readForm(request));
    kit.sessions.close(request.headers.get("cookie"));
  }
  return seeOther("/approvals", sessionCookie("", 0, kit.options.settings().isHttps));
}

async function serve(handle: Page, kit: PageKit, asked: PageRequest): Promise<OutboundResponse> {
  try {
    return await handle(kit, asked);
  } catch (error) {
    const { code, message } = toErrorBody(error).error;
    if (code >= 500) kit.options.log.error("a page failed", { path: asked.request.path, error: String(error) });
    const content = html`<section><h1>${code}</h1><p>${message}</p><p><a href="/approvals">All pending reviews</a></p></section>`;
    return page(`Error ${code}`, content, { status: code });
  }
}

/** @throws AegisError `invalid-input`, `too-large`. */
async function readForm(request: InboundRequest): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new AegisError("invalid-input", "send the form as a browser does (application/x-www-form-urlencoded)");
  }
  return new URLSearchParams(Buffer.from(await request.readBody(FORM_BODY_BYTES_MAX)).toString("utf8"));
}

/** @throws AegisError `forbidden`. */
function assertCsrf(session: WebSession, form: URLSearchParams): void {
  if (!isRightCsrf(session, form.get("csrf"))) {
    throw new AegisError("forbidden", "the form is not from this session; open the page again");
  }
}

function sessionOf(kit: PageKit, { headers }: InboundRequest): WebSession | undefined {
  return kit.sessions.find(headers.get("cookie"));
}

function ownPath(path: string): string {
  return OWN_PATH.test(path) ? path : "/approvals";
}

function problemOf(error: AegisError): { readonly status: number; readonly message: string } {
  return { status: toErrorBody(error).error.code, message: error.message };
}

function seeOther(location: string, cookie?: string): OutboundResponse {
  const headers = { location, "cache-control": "no-store", ...(cookie === undefined ? {} : { "set-cookie": cookie }) };
  return { status: 303, headers, body: null };
}

function sessionCookie(value: string, maxAgeS: number, isHttps: boolean): string {
  const secure = isHttps ? "; Secure" : "";
  return `${SESSION_COOKIE}=${value}; Path=/approvals; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure}`;
}

/**
 * Who is signed in on the pages. A cookie holds a random name of the session, the server its digest; it is short,
 * ends when its key ends, and each form carries a second secret that other sites cannot know.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { Clock, Random } from "../../governance/ports.ts";

export interface WebSession {
  readonly principal: Principal;
  readonly csrf: string;
  readonly expiresAtMs: number;
}

export interface WebSessions {
  /** The value of a new session's cookie. */
  open(principal: Principal): string;
  /** The session of a request's cookies. */
  find(cookieHeader: string | undefined): WebSession | undefined;
  close(cookieHeader: string | undefined): void;
}

export interface WebSessionPorts {
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly isStillValid: (principal: Principal) => boolean;
}

export const SESSION_COOKIE = "aegisflow_session";
/** Long enough to read a diff, short enough for a forgotten browser. */
export const SESSION_MS = 30 * 60_000;
/** Signed-in browsers; the oldest go first. */
const SESSIONS_MAX = 1_000;
const SECRET_BYTES = 32;

export function createWebSessions(ports: WebSessionPorts): WebSessions {
  const sessions = new Map<string, WebSession>();
  const secret = (): string => Buffer.from(ports.random.bytes(SECRET_BYTES)).toString("base64url");
  const forgetOld = (): void => {
    for (const [name, session] of sessions) {
      // Insertion order is order of expiry: all live equally long.
      if (session.expiresAtMs > ports.clock.nowMs() && sessions.size < SESSIONS_MAX) break;
      sessions.delete(name);
    }
  };
  return {
    open(principal) {
      forgetOld();
      const token = secret();
      sessions.set(digestOf(token), { principal, csrf: secret(), expiresAtMs: ports.clock.nowMs() + SESSION_MS });
      return token;
    },
    find(cookieHeader) {
      const token = cookieOf(cookieHeader);
      const session = token === undefined ? undefined : sessions.get(digestOf(token));
      if (session === undefined || session.expiresAtMs <= ports.clock.nowMs()) return undefined;
      return ports.isStillValid(session.principal) ? session : undefined;
    },
    close(cookieHeader) {
      const token = cookieOf(cookieHeader);
      if (token !== undefined) sessions.delete(digestOf(token));
    },
  };
}

export function isRightCsrf(session: WebSession, given: string | null): boolean {
  const expected = Buffer.from(digestOf(session.csrf));
  return timingSafeEqual(expected, Buffer.from(digestOf(given ?? "")));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === SESSION_COOKIE && value !== undefined && value !== "") return value;
  }
  return undefined;
}

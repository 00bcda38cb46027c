/**
 * One live connection to an upstream, handshake done. Transports open sessions; supervisor.ts keeps one open
 * and is the `Upstream` that the gate sees.
 */
import type { AegisError, JsonObject } from "@aegisflow/core";
import type { UpstreamRequest } from "../upstream.ts";
import type { ServerFacts } from "./eras.ts";

export interface UpstreamSession {
  readonly facts: ServerFacts;
  /** @throws SessionLost when the server no longer knows the session: the request was not executed. */
  request(request: UpstreamRequest): Promise<JsonObject>;
  notify(method: string, params: JsonObject): Promise<void>;
  /** Watches these resources from now on instead of those before. */
  watch(uris: ReadonlySet<string>): Promise<void>;
  /** Resolves, once, when the connection is gone. Never rejects. */
  readonly ended: Promise<SessionEnd>;
  close(): Promise<void>;
}

export interface SessionEnd {
  readonly error: AegisError;
  /** The server is well, only this session is over: the next one is opened without delay. */
  readonly expired: boolean;
}

export interface SessionHooks {
  /** Aborts when the upstream is closed or replaced. */
  readonly signal: AbortSignal;
  /** Notifications that belong to no call. */
  readonly broadcast: (method: string, params: JsonObject) => void;
}

/** Connects and shakes hands. @throws AegisError when it cannot. */
export type OpenSession = (hooks: SessionHooks) => Promise<UpstreamSession>;

/** The server has forgotten the session (HTTP 404); a new one is opened and the request sent once more. */
export class SessionLost extends Error {
  override readonly name = "SessionLost";
}

/** One request of a client while it is served: who asks, what it can do, and how to talk back to it. */
import type { Actor, JsonObject } from "@aegisflow/core";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { RpcId } from "./wire/json-rpc.ts";

/** As authenticated; never what a client says of itself. */
export type McpCaller = Principal;

export type Era = "modern" | "legacy";

export interface ClientLink {
  /** A notification that belongs to this request. Dropped when the client takes no stream. */
  readonly notify: (method: string, params: JsonObject) => void;
  /**
   * Asks the client (sampling/createMessage, elicitation/create, roots/list) and gives its answer.
   * @throws RpcError the client's own error, or -32601 when it cannot be asked.
   */
  readonly ask: (method: string, params: JsonObject, signal: AbortSignal) => Promise<JsonObject>;
}

/** What a session of the legacy era remembers between requests; absent for callers without one. */
export interface SessionState {
  logLevel: string | undefined;
  /** Resources whose updates the client wants, with the upstream they belong to. */
  readonly subscriptions: Map<string, string>;
}

export interface Exchange {
  readonly id: RpcId;
  readonly caller: McpCaller;
  readonly actor: Actor;
  readonly era: Era;
  /** Protocol revision of this exchange. */
  readonly version: string;
  readonly clientCapabilities: JsonObject;
  /** Least severe log message the client wants; undefined: all (legacy) or none (modern). */
  readonly logLevel: string | undefined;
  /** The client's `_meta` without the protocol's reserved entries. */
  readonly meta: JsonObject;
  readonly headers: ReadonlyMap<string, string>;
  readonly link: ClientLink;
  readonly session: SessionState | undefined;
  /** Aborts when the client cancels, goes away for good, or the server closes. */
  readonly signal: AbortSignal;
}

/** The client can answer this question of a server. */
export function canBeAsked(clientCapabilities: JsonObject, method: string): boolean {
  const needed = { "sampling/createMessage": "sampling", "elicitation/create": "elicitation", "roots/list": "roots" }[
    method
  ];
  return needed !== undefined && clientCapabilities[needed] !== undefined;
}

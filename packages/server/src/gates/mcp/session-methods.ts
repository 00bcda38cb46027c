/** Methods of the legacy era that a session remembers: the log level and resource subscriptions. */
import type { JsonObject } from "@aegisflow/core";
import type { Exchange, SessionState } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { isLogLevel } from "./log-levels.ts";
import { assertReadable, findOwner, resourceDrafts, uriOf } from "./read-actions.ts";
import { INVALID_REQUEST, invalidParams, RpcError } from "./wire/rpc-error.ts";

/** One session, or one `subscriptions/listen` stream, watches at most this many resources. */
export const SUBSCRIPTIONS_MAX = 256;

export async function setLogLevel(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { level } = params;
  if (!isLogLevel(level)) throw invalidParams("`level` must be one of the log levels of MCP");
  if (exchange.session !== undefined) exchange.session.logLevel = level;
  await context.preferences.wantLogs(level);
  return {};
}

export async function subscribeResource(
  context: GateContext,
  exchange: Exchange,
  params: JsonObject,
): Promise<JsonObject> {
  const session = sessionOf(exchange);
  const uri = uriOf(params);
  if (session.subscriptions.has(uri)) return {};
  if (session.subscriptions.size >= SUBSCRIPTIONS_MAX) {
    throw invalidParams(`a session watches at most ${SUBSCRIPTIONS_MAX} resources; unsubscribe some first`);
  }
  const upstreamName = await watchResource(context, exchange, uri);
  // Asked twice at once: one interest is enough.
  if (session.subscriptions.has(uri)) context.preferences.unwatch(upstreamName, uri);
  session.subscriptions.set(uri, upstreamName);
  return {};
}

export async function unsubscribeResource(
  context: GateContext,
  exchange: Exchange,
  params: JsonObject,
): Promise<JsonObject> {
  const session = sessionOf(exchange);
  const uri = uriOf(params);
  const upstreamName = session.subscriptions.get(uri);
  session.subscriptions.delete(uri);
  if (upstreamName !== undefined) context.preferences.unwatch(upstreamName, uri);
  return {};
}

/** Name of the upstream that is watched. @throws RpcError when the caller may not read it or nobody has it. */
export async function watchResource(context: GateContext, exchange: Exchange, uri: string): Promise<string> {
  const gate = await findOwner(context, uriOf({ uri }));
  await assertReadable(context, resourceDrafts(exchange, gate, { uri }, uri), { name: uri });
  await context.preferences.watch(gate, uri);
  return gate.upstream.name;
}

function sessionOf(exchange: Exchange): SessionState {
  if (exchange.session !== undefined) return exchange.session;
  throw new RpcError(INVALID_REQUEST, "this needs a session; begin with initialize and send its Mcp-Session-Id");
}

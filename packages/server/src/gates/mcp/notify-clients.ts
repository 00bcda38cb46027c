/**
 * What upstreams say unasked, to the clients it concerns: changed lists to all (several changes at once are one),
 * resource updates to those who watch the resource, and log messages only when they can be nobody else's.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Clock } from "../../governance/ports.ts";
import { LISTS } from "./catalog/upstream-list.ts";
import type { UpstreamListener } from "./catalog/upstream-lists.ts";
import { isSameCaller, type LegacySession, type LegacySessions } from "./legacy-sessions.ts";
import type { ListenStreams } from "./listen-streams.ts";
import { isLoggable } from "./log-levels.ts";
import type { Presence } from "./presence.ts";
import { type ResultPolicy, redactParams } from "./result-policy.ts";
import { encodeNotification } from "./wire/json-rpc.ts";

/** A server that starts announces many changes in a row. */
const GATHER_MS = 50;
const LIST_CHANGES: ReadonlySet<string> = new Set(Object.values(LISTS).map(({ changed }) => changed));

export interface Notifier {
  readonly take: UpstreamListener;
  readonly announceAll: () => void;
  close(): void;
}

export interface NotifierPorts {
  readonly sessions: LegacySessions;
  readonly listening: ListenStreams;
  readonly presence: Pick<Presence, "isAlone">;
  readonly clock: Pick<Clock, "sleep">;
  readonly resultPolicy: () => ResultPolicy;
}

export function createNotifier(ports: NotifierPorts): Notifier {
  const { sessions, listening, clock } = ports;
  const closing = new AbortController();
  const gathered = new Set<string>();

  const announceLater = async (method: string): Promise<void> => {
    const isFirst = gathered.size === 0;
    gathered.add(method);
    if (!isFirst) return;
    try {
      await clock.sleep(GATHER_MS, closing.signal);
    } catch {
      return;
    }
    const methods = [...gathered];
    gathered.clear();
    for (const changed of methods) {
      for (const session of sessions.all()) session.announce(encodeNotification(changed, {}));
      listening.broadcast(changed);
    }
  };

  return {
    take(upstream, method, params) {
      if (LIST_CHANGES.has(method)) void announceLater(method);
      else if (method === "notifications/resources/updated") passUpdate(ports, upstream.name, params);
      else if (method === "notifications/message") passLog(ports, params);
    },
    announceAll() {
      for (const method of LIST_CHANGES) void announceLater(method);
    },
    close: () => closing.abort(),
  };
}

function passUpdate({ sessions, listening }: NotifierPorts, upstreamName: string, params: JsonObject): void {
  const { uri } = params;
  if (typeof uri !== "string") return;
  const { _meta, ...update } = params;
  for (const session of sessions.all()) {
    if (session.state.subscriptions.get(uri) !== upstreamName) continue;
    session.announce(encodeNotification("notifications/resources/updated", update));
  }
  listening.resourceUpdated(upstreamName, update);
}

/** A log line that names no request may speak of anybody's: it is passed on only while a single key uses the gate. */
function passLog({ sessions, presence, resultPolicy }: NotifierPorts, params: JsonObject): void {
  const open = [...sessions.all()];
  const [first] = open;
  if (first === undefined || !open.every((session) => isSameCaller(session.caller, first.caller))) return;
  if (!presence.isAlone(first.caller)) return;
  const text = encodeNotification("notifications/message", redactParams(resultPolicy(), params));
  for (const session of open) if (wants(session, params)) session.announce(text);
}

function wants(session: LegacySession, params: JsonObject): boolean {
  return isLoggable(params, session.state.logLevel);
}

/**
 * Sessions of clients up to 2025-11-25: opened by `initialize` (Streamable HTTP) or by a `GET` (HTTP+SSE), bound to
 * the API key that opened them, closed when idle. A session id without its key is worth nothing.
 */
import { createHash } from "node:crypto";
import { AegisError, type JsonObject } from "@aegisflow/core";
import type { Clock, Random } from "../../governance/ports.ts";
import type { McpCaller, SessionState } from "./exchange.ts";
import type { RpcAnswer } from "./wire/json-rpc.ts";

const SWEEP_MS = 30_000;
/** Requests of one session at once. */
export const IN_FLIGHT_MAX = 64;

export interface LegacySession {
  readonly id: string;
  readonly caller: McpCaller;
  /** Chain of evidence that its actions are recorded in; tells nothing about the session id. */
  readonly evidenceSid: string;
  readonly state: SessionState;
  /** As negotiated; with HTTP+SSE only after the session was opened. */
  version: string;
  clientCapabilities: JsonObject;
  /** Running requests by id key, for cancellation. */
  readonly inFlight: Map<string, AbortController>;
  /** Questions the client has not answered yet, by their id. */
  readonly questions: Map<string, (answer: RpcAnswer) => void>;
  /** Says something that belongs to no request. */
  announce(message: string): void;
  /** Whether the client is connected or has a request running: such a session is not idle. */
  isBusy(): boolean;
  /** Ends its streams and requests. */
  close(): void;
  lastUsedMs: number;
}

/** What a transport brings to a session. */
export interface SessionParts {
  readonly version: string;
  readonly clientCapabilities: JsonObject;
  readonly announce: (message: string) => void;
  readonly isConnected: () => boolean;
  readonly closeStreams: () => void;
}

export interface LegacySessions {
  /** @throws AegisError `unavailable` or `limit-exceeded` when there are too many. */
  open(caller: McpCaller, parts: SessionParts): LegacySession;
  /** Undefined for an unknown id and for another caller's session alike. */
  find(id: string, caller: McpCaller): LegacySession | undefined;
  close(session: LegacySession): void;
  all(): Iterable<LegacySession>;
  closeAll(): void;
}

export interface SessionLimits {
  readonly max: number;
  readonly perCallerMax: number;
  readonly idleMs: number;
}

export interface LegacySessionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: () => SessionLimits;
  /** A session does not outlive the key that opened it. */
  readonly isStillValid: (caller: McpCaller) => boolean;
  readonly onClosed: (session: LegacySession) => void;
  /** Called with each sweep, for what else has to end with its key. */
  readonly onSweep: () => void;
}

export function createLegacySessions(ports: LegacySessionPorts): LegacySessions {
  const sessions = new Map<string, LegacySession>();
  const stopping = new AbortController();
  const { clock, random, limits, onClosed } = ports;

  const close = (session: LegacySession): void => {
    if (!sessions.delete(session.id)) return;
    session.close();
    onClosed(session);
  };

  const sweep = async (): Promise<void> => {
    try {
      for (;;) {
        await clock.sleep(SWEEP_MS, stopping.signal);
        for (const session of sessions.values()) {
          if (!ports.isStillValid(session.caller)) close(session);
          else if (session.isBusy()) session.lastUsedMs = clock.monotonicMs();
          else if (isExpired(session, clock, limits())) close(session);
        }
        ports.onSweep();
      }
    } catch {
      // The gate is closing.
    }
  };
  void sweep();

  return {
    open(caller, parts) {
      makeRoom(sessions, caller, limits(), close);
      const session = createSession(Buffer.from(random.bytes(16)).toString("hex"), caller, parts, clock.monotonicMs());
      sessions.set(session.id, session);
      return session;
    },
    find(id, caller) {
      const session = sessions.get(id);
      if (session === undefined || !isSameCaller(session.caller, caller)) return undefined;
      if (isExpired(session, clock, limits())) {
        close(session);
        return undefined;
      }
      session.lastUsedMs = clock.monotonicMs();
      return session;
    },
    close,
    all: () => sessions.values(),
    closeAll() {
      stopping.abort();
      for (const session of sessions.values()) close(session);
    },
  };
}

export function isSameCaller(a: McpCaller, b: McpCaller): boolean {
  return a.id === b.id && a.tenant === b.tenant;
}

/** Evidence chain of callers without a session: one for each key. */
export function callerSid(caller: McpCaller): string {
  return `mcp-key-${digest(`${caller.tenant}\0${caller.id}`)}`;
}

function createSession(id: string, caller: McpCaller, parts: SessionParts, nowMs: number): LegacySession {
  const inFlight = new Map<string, AbortController>();
  const questions = new Map<string, (answer: RpcAnswer) => void>();
  return {
    id,
    caller,
    evidenceSid: `mcp-${digest(id)}`,
    state: { logLevel: undefined, subscriptions: new Map() },
    version: parts.version,
    clientCapabilities: parts.clientCapabilities,
    inFlight,
    questions,
    announce: parts.announce,
    isBusy: () => parts.isConnected() || inFlight.size > 0,
    close() {
      for (const running of inFlight.values()) running.abort(new AegisError("cancelled", "the session was closed"));
      parts.closeStreams();
    },
    lastUsedMs: nowMs,
  };
}

/** A client that opens sessions and forgets them pays with its own oldest one. */
function makeRoom(
  sessions: ReadonlyMap<string, LegacySession>,
  caller: McpCaller,
  limits: SessionLimits,
  close: (session: LegacySession) => void,
): void {
  const own = [...sessions.values()].filter((session) => isSameCaller(session.caller, caller));
  if (own.length < limits.perCallerMax && sessions.size < limits.max) return;
  const idle = own.filter((session) => !session.isBusy()).sort((a, b) => a.lastUsedMs - b.lastUsedMs);
  const [oldest] = idle;
  if (oldest !== undefined) {
    close(oldest);
    return;
  }
  if (own.length >= limits.perCallerMax) {
    throw new AegisError("limit-exceeded", `this key has ${own.length} sessions open; close some of them`);
  }
  throw new AegisError("unavailable", "too many sessions are open; try again later");
}

function isExpired(session: LegacySession, clock: Pick<Clock, "monotonicMs">, limits: SessionLimits): boolean {
  return !session.isBusy() && clock.monotonicMs() - session.lastUsedMs > limits.idleMs;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

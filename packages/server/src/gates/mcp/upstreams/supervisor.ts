/**
 * Keeps one session to an upstream open: starts it, waits for its end, starts it again with growing, jittered delays.
 * Calls wait for readiness within their own time; an upstream that keeps failing refuses them at once, with the reason.
 * After a restart the gate is told that every list may have changed, and watched resources are watched again.
 */
import { AegisError, errorText, isAegisError, type JsonObject } from "@aegisflow/core";
import type { Clock, Random } from "../../../governance/ports.ts";
import { type Upstream, type UpstreamRequest, UpstreamRpcError, type UpstreamState } from "../upstream.ts";
import { type Era, INVALID_PARAMS, type ServerFacts } from "./eras.ts";
import { type OpenSession, type SessionEnd, SessionLost, type UpstreamSession } from "./session.ts";
import type { UpstreamLog } from "./upstream-log.ts";
import { announceChanges } from "./watch.ts";

/** First delay: a crash on start is retried before a client loses patience. */
export const BACKOFF_BASE_MS = 500;
/** Last delay: a machine without the server's binary is not kept busy. */
export const BACKOFF_CAP_MS = 30_000;
/** A connection that held this long is healthy again: the next failure starts from the first delay. */
const STABLE_MS = 30_000;
/** From the second failure in a row calls are refused at once instead of waiting for the next start. */
const FAILURES_BEFORE_REFUSAL = 2;
/** Resources watched on one upstream, over all clients. */
const WATCHED_MAX = 10_000;

export interface SuperviseOptions {
  readonly name: string;
  readonly open: OpenSession;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: UpstreamLog;
}

type Listener = (method: string, params: JsonObject) => void;

export class SupervisedUpstream implements Upstream {
  readonly name: string;
  readonly #options: SuperviseOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<Listener>();
  readonly #watched = new Set<string>();
  readonly #running: Promise<void>;
  #state: UpstreamState = "starting";
  #session: UpstreamSession | undefined;
  #facts: ServerFacts | undefined;
  #endSession: () => void = () => undefined;
  #failures = 0;
  /** The last accepted `logging/setLevel`. */
  #logLevel: UpstreamRequest | undefined;
  #lastError: AegisError;
  /** Settles with the outcome of the next attempt to open a session. */
  #attempt = quietResolvers();

  constructor(options: SuperviseOptions) {
    this.name = options.name;
    this.#options = options;
    this.#lastError = new AegisError("no-upstream", `upstream \`${options.name}\` has not been started yet`);
    this.#running = this.#run();
  }

  state(): UpstreamState {
    return this.#state;
  }

  capabilities(): JsonObject {
    return this.#facts?.capabilities ?? {};
  }

  serverInfo(): JsonObject {
    return this.#facts?.serverInfo ?? {};
  }

  instructions(): string | undefined {
    return this.#facts?.instructions;
  }

  era(): Era | undefined {
    return this.#facts?.era;
  }

  async request(asked: UpstreamRequest): Promise<JsonObject> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + asked.timeoutMs;
    for (let tries = 1; ; tries++) {
      const session = await this.#ready(deadlineMs, asked.signal);
      const timeoutMs = Math.max(1, Math.round(deadlineMs - clock.monotonicMs()));
      try {
        return await this.#requestOn(session, { ...asked, timeoutMs });
      } catch (error) {
        if (!(error instanceof SessionLost) || tries > 1) throw toCallError(this.name, error);
        if (this.#session === session) this.#session = undefined;
      }
    }
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    await this.#session?.notify(method, params);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#endSession();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      this.#state = "starting";
      const startedMs = clock.monotonicMs();
      const end = await this.#liveOnce();
      this.#lastError = end.error;
      if (this.#stop.signal.aborted) break;
      this.#failures = clock.monotonicMs() - startedMs > STABLE_MS ? 1 : this.#failures + 1;
      if (end.expired && this.#failures === 1) continue;
      const delayMs = backoffMs(this.#failures, random);
      this.#state = "backing-off";
      log("warn", `${end.error.message}; next attempt in ${Math.round(delayMs)} ms`);
      await clock.sleep(delayMs, this.#stop.signal).catch(() => undefined);
    }
    this.#state = "closed";
    this.#settleAttempt(new AegisError("no-upstream", `upstream \`${this.name}\` is closed`));
  }

  /** Opens a session and stays until it ends, or the upstream is closed. */
  async #liveOnce(): Promise<SessionEnd> {
    const opened = await this.#open();
    if (opened instanceof AegisError) return { error: opened, expired: false };
    const { promise: closed, resolve } = Promise.withResolvers<SessionEnd>();
    this.#endSession = () =>
      resolve({ error: new AegisError("unavailable", `upstream \`${this.name}\` is closed`), expired: true });
    if (this.#stop.signal.aborted) this.#endSession();
    const end = await Promise.race([opened.ended, closed]);
    this.#session = undefined;
    await opened.close().catch((error: unknown) => this.#options.log("warn", `close failed: ${errorText(error)}`));
    return end;
  }

  async #open(): Promise<UpstreamSession | AegisError> {
    const again = this.#facts !== undefined;
    try {
      const opened = await this.#options.open({ signal: this.#stop.signal, broadcast: this.#broadcast });
      await this.#restore(opened);
      this.#session = opened;
      this.#facts = opened.facts;
      this.#state = "ready";
      this.#settleAttempt();
      if (again) announceChanges(opened.facts.capabilities, this.#broadcast);
      return opened;
    } catch (error) {
      const failed = toOpenError(this.name, error);
      this.#lastError = failed;
      this.#settleAttempt(failed);
      return failed;
    }
  }

  /** A new session knows nothing of what was asked of the old one. */
  async #restore(session: UpstreamSession): Promise<void> {
    if (this.#watched.size > 0) await session.watch(this.#watched);
    // A level that is refused now costs log lines, not the session.
    if (this.#logLevel !== undefined && session.facts.era === "legacy")
      await session.request(this.#logLevel).catch(() => undefined);
  }

  readonly #broadcast: Listener = (method, params) => {
    for (const listener of this.#listeners) {
      try {
        listener(method, params);
      } catch (error) {
        this.#options.log("error", `a listener failed on ${method}: ${errorText(error)}`);
      }
    }
  };

  #settleAttempt(error?: AegisError): void {
    const { resolve, reject } = this.#attempt;
    this.#attempt = quietResolvers();
    if (error === undefined) resolve();
    else reject(error);
  }

  async #ready(deadlineMs: number, signal: AbortSignal): Promise<UpstreamSession> {
    while (this.#session === undefined) {
      if (this.#stop.signal.aborted) throw new AegisError("no-upstream", `upstream \`${this.name}\` is closed`);
      if (this.#state === "backing-off" && this.#failures >= FAILURES_BEFORE_REFUSAL) throw this.#lastError;
      await this.#waitForAttempt(deadlineMs, signal);
    }
    return this.#session;
  }

  async #waitForAttempt(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const waiting = new AbortController();
    const leftMs = Math.max(0, deadlineMs - clock.monotonicMs());
    const late = clock.sleep(leftMs, AbortSignal.any([signal, waiting.signal])).then(() => {
      throw new AegisError("timeout", `upstream \`${this.name}\` was not ready in time: ${this.#lastError.message}`);
    });
    try {
      await Promise.race([this.#attempt.promise, late]);
    } finally {
      waiting.abort();
      late.catch(() => undefined);
    }
  }

  async #plainRequestOn(session: UpstreamSession, asked: UpstreamRequest): Promise<JsonObject> {
    const result = await session.request(asked);
    if (asked.method === "logging/setLevel") this.#logLevel = { ...asked, signal: this.#stop.signal };
    return result;
  }

  /** Subscriptions are the supervisor's: they outlive a session, and the modern era has no request for them. */
  async #requestOn(session: UpstreamSession, asked: UpstreamRequest): Promise<JsonObject> {
    const isWatch = asked.method === "resources/subscribe";
    if (!isWatch && asked.method !== "resources/unsubscribe") return this.#plainRequestOn(session, asked);
    const uri = asked.params["uri"];
    if (typeof uri !== "string") throw new UpstreamRpcError(INVALID_PARAMS, "uri is missing");
    if (isWatch && this.#watched.size >= WATCHED_MAX)
      throw new UpstreamRpcError(INVALID_PARAMS, "too many subscriptions");
    const result = session.facts.era === "legacy" ? await session.request(asked) : {};
    if (isWatch) this.#watched.add(uri);
    else this.#watched.delete(uri);
    if (session.facts.era === "modern") await session.watch(this.#watched);
    return result;
  }
}

/** Doubles up to the cap, then takes 50-100 % of it, so that many gateways do not return in step. */
export function backoffMs(failures: number, random: Random): number {
  const full = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 16));
  const [byte = 0] = random.bytes(1);
  return full * (0.5 + byte / 510);
}

function toOpenError(name: string, error: unknown): AegisError {
  if (isAegisError(error)) return error;
  return new AegisError("upstream-failed", `upstream \`${name}\` could not be opened: ${errorText(error)}`, {
    cause: error,
  });
}

function toCallError(name: string, error: unknown): unknown {
  if (error instanceof UpstreamRpcError || isAegisError(error)) return error;
  return new AegisError("upstream-failed", `upstream \`${name}\` failed`, { detail: errorText(error), cause: error });
}

/** Nobody may be waiting when an attempt fails; that must not count as an unhandled rejection. */
function quietResolvers(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => undefined);
  return resolvers;
}

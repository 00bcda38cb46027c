/**
 * An upstream that is a child process speaking JSON-RPC lines over stdin and stdout, of either era.
 * Era: `auto` shakes hands the legacy way first, because lazy servers start their back ends on an unexpected probe;
 * a server that refuses `initialize` is asked with `server/discover`. A malformed or oversized line fails the call it
 * answers where that can be told; a server that keeps sending garbage is ended and started again.
 */
import { AegisError, errorText, type JsonObject } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { Calls, lostCall } from "./calls.ts";
import { modernMeta } from "./eras.ts";
import { encodeNotification, guessAnsweredId, MESSAGE_BYTES_MAX, parseFrames } from "./frames.ts";
import { type Handshake, shakeHands, type UpstreamProtocol } from "./handshake.ts";
import { type LineProcess, type ProcessConfig, startProcess } from "./line-process.ts";
import type { Line } from "./lines.ts";
import type { OpenSession, SessionEnd, SessionHooks, UpstreamSession } from "./session.ts";
import type { UpstreamLog } from "./upstream-log.ts";
import { type WatchPorts, watchByListening, watchBySubscribing } from "./watch.ts";

/** Lines that are no messages, per process: banners and stray prints are common, a flood is a broken server. */
const MALFORMED_LINES_MAX = 100;
/** Of these, shown in the log. */
const MALFORMED_LOGGED_MAX = 10;
/** A start that fails because the process is gone is better told by its exit, which comes a moment later. */
const EXIT_NOTICE_MS = 300;

export interface StdioConfig extends ProcessConfig {
  readonly protocol: UpstreamProtocol;
  /** For the handshake; calls bring their own. */
  readonly timeoutMs: number;
}

export interface StdioPorts {
  readonly clock: Clock;
  readonly log: UpstreamLog;
}

export function stdioOpener(config: StdioConfig, ports: StdioPorts): OpenSession {
  return (hooks) => openStdioSession(config, ports, hooks);
}

async function openStdioSession(config: StdioConfig, ports: StdioPorts, hooks: SessionHooks): Promise<UpstreamSession> {
  const connection = new StdioConnection(config, ports, hooks);
  try {
    const facts = await shakeHands(connection.handshake(hooks.signal), config);
    return connection.toSession(facts);
  } catch (error) {
    const ended = await connection.endedWithin(EXIT_NOTICE_MS);
    await connection.close();
    throw ended ?? error;
  }
}

class StdioConnection {
  readonly #name: string;
  readonly #log: UpstreamLog;
  readonly #clock: Clock;
  readonly #watchPorts: WatchPorts;
  readonly #calls: Calls;
  readonly #process: LineProcess;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  /** Why nothing can be sent any more. */
  #over: AegisError | undefined;
  #isModern = false;
  #malformed = 0;

  constructor(config: StdioConfig, ports: StdioPorts, hooks: SessionHooks) {
    this.#name = config.name;
    this.#log = ports.log;
    this.#clock = ports.clock;
    this.#watchPorts = { ...ports, broadcast: hooks.broadcast };
    this.#calls = new Calls({
      ...ports,
      name: config.name,
      broadcast: hooks.broadcast,
      cancel: (id, reason) => this.#send(encodeNotification("notifications/cancelled", { requestId: id, reason })),
      reply: (text) => this.#send(text),
      mayAsk: () => !this.#isModern,
    });
    this.#process = startProcess(config, ports, (line) => this.#receive(line));
    void this.#process.exited.then((reason) => this.#end(`upstream \`${config.name}\` ${reason}`));
  }

  handshake(signal: AbortSignal): Handshake {
    return {
      request: (request, era) =>
        this.#request({ ...request, signal }, era === "modern" ? modernMeta({}, undefined) : {}),
      notify: async (method) => this.#send(encodeNotification(method, {})),
    };
  }

  toSession(facts: UpstreamSession["facts"]): UpstreamSession {
    const isModern = facts.era === "modern";
    this.#isModern = isModern;
    const request = (asked: UpstreamRequest): Promise<JsonObject> =>
      this.#request(asked, isModern ? modernMeta(asked.clientCapabilities, asked.logLevel) : {});
    const watcher = isModern ? watchByListening(facts, request, this.#watchPorts) : watchBySubscribing(facts, request);
    return {
      facts,
      request,
      notify: async (method, params) => {
        // The modern era has no notifications from clients but cancellation, which Calls sends itself.
        if (!isModern) this.#send(encodeNotification(method, params));
      },
      watch: (uris) => watcher.watch(uris),
      ended: this.#ended.promise,
      close: async () => {
        watcher.stop();
        await this.close();
      },
    };
  }

  /** Why the process ended, when it does so in time. */
  async endedWithin(limitMs: number): Promise<AegisError | undefined> {
    const waiting = new AbortController();
    const late = this.#clock.sleep(limitMs, waiting.signal).catch(() => undefined);
    await Promise.race([this.#ended.promise, late]);
    waiting.abort();
    return this.#over;
  }

  async close(): Promise<void> {
    await this.#process.close();
  }

  #request(request: UpstreamRequest, eraMeta: JsonObject): Promise<JsonObject> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    return this.#calls.call(request, eraMeta, async ({ text }) => this.#process.writeLine(text));
  }

  /** Best effort: when the process is gone, its exit fails the calls. */
  #send(text: string): void {
    try {
      this.#process.writeLine(text);
    } catch {
      this.#log("debug", "a notification was not delivered");
    }
  }

  #receive(line: Line): void {
    if (this.#over !== undefined) return;
    if (line.kind === "oversized") {
      this.#failOversized(line.head, line.tail);
      return;
    }
    try {
      if (line.kind === "malformed")
        throw new AegisError("upstream-failed", `upstream \`${this.#name}\` sent bytes that are not UTF-8`);
      for (const frame of parseFrames(this.#name, line.text)) this.#calls.receive(frame);
    } catch (error) {
      this.#failMalformed(error, line.kind === "text" ? guessAnsweredId(line.text) : undefined);
    }
  }

  #failOversized(head: string, tail: string): void {
    const message = `upstream \`${this.#name}\` answered with more than ${MESSAGE_BYTES_MAX} bytes`;
    const id = guessAnsweredId(head, tail) ?? this.#calls.soleId();
    this.#log("warn", message);
    if (id !== undefined) this.#calls.fail(id, new AegisError("too-large", message));
  }

  #failMalformed(error: unknown, id: number | undefined): void {
    this.#malformed++;
    if (this.#malformed <= MALFORMED_LOGGED_MAX) this.#log("warn", errorText(error));
    if (id !== undefined) this.#calls.fail(id, error);
    if (this.#malformed !== MALFORMED_LINES_MAX) return;
    this.#end(`upstream \`${this.#name}\` sent ${MALFORMED_LINES_MAX} lines that are no messages`);
  }

  #end(message: string): void {
    this.#over = new AegisError("upstream-failed", message, { retryable: true });
    this.#calls.failAll(({ method }) => lostCall(message, method));
    this.#ended.resolve({ error: this.#over, expired: false });
  }
}

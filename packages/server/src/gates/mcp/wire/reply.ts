/**
 * The answer to one POST: plain JSON when the result is all there is to say, an event stream as soon as something
 * comes before it (progress, a log line, a question to the client) or it takes long. Clients that accept only JSON
 * get only the result.
 */
import type { Clock } from "../../../governance/ports.ts";
import type { OutboundResponse } from "../../../runtime/runtime.ts";
import type { Accepted } from "./accept.ts";
import { type EventSink, formatEvent, HEARTBEAT_MS, openEventSink, streamResponse } from "./event-sink.ts";

/** A result that takes longer than this is waited for on a stream, where heartbeats keep the connection alive. */
export const STREAM_AFTER_MS = 5_000;

export interface ReplyOptions {
  readonly accepted: Accepted;
  readonly clock: Pick<Clock, "sleep">;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the answer becomes a stream: lets a session number its events and keep them for resumption. */
  readonly openStream?: () => ReplyStream;
  readonly heartbeatMs?: number;
}

/** Where the messages of a streamed answer go. */
export interface ReplyStream {
  readonly sink: EventSink;
  send(message: string): void;
  end(): void;
}

export interface Reply {
  /** A message before the result. False when this client cannot be sent one. */
  readonly send: (message: string) => boolean;
  /** The result, or those of a batch; `status` counts only while the answer is not yet a stream. */
  readonly finish: (answer: string | readonly string[], status?: number) => void;
  readonly response: Promise<OutboundResponse>;
  /** Whether the answer has become a stream. */
  isStream(): boolean;
}

export function openReply(options: ReplyOptions): Reply {
  const { accepted, clock } = options;
  const { promise: response, resolve } = Promise.withResolvers<OutboundResponse>();
  const settled = new AbortController();
  let stream: ReplyStream | undefined;

  const becomeStream = (): ReplyStream => {
    if (stream === undefined) {
      settled.abort();
      stream = options.openStream?.() ?? plainStream(clock, options.heartbeatMs ?? HEARTBEAT_MS);
      resolve(streamResponse(stream.sink, options.headers));
    }
    return stream;
  };

  /** Something must be sent for the client to see that the stream is open. */
  const openEmpty = (): void => void becomeStream().sink.write(": waiting\n\n");

  if (accepted.stream && !accepted.json) openEmpty();
  else if (accepted.stream) void streamWhenSlow(clock, settled.signal, openEmpty);

  return {
    send(message) {
      if (!accepted.stream || (settled.signal.aborted && stream === undefined)) return false;
      becomeStream().send(message);
      return true;
    },
    finish(answer, status = 200) {
      settled.abort();
      if (stream === undefined) return resolve(jsonReply(answer, status, options.headers));
      for (const message of typeof answer === "string" ? [answer] : answer) stream.send(message);
      stream.end();
    },
    response,
    isStream: () => stream !== undefined,
  };
}

function plainStream(clock: Pick<Clock, "sleep">, heartbeatMs: number): ReplyStream {
  const sink = openEventSink(clock, heartbeatMs);
  return {
    sink,
    send: (message) => void sink.write(formatEvent({ event: "message", data: message })),
    end: () => sink.end(),
  };
}

async function streamWhenSlow(
  clock: Pick<Clock, "sleep">,
  settled: AbortSignal,
  becomeStream: () => void,
): Promise<void> {
  try {
    await clock.sleep(STREAM_AFTER_MS, settled);
  } catch {
    return;
  }
  becomeStream();
}

export const JSON_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** An answer that is known at once. */
export function jsonReply(
  answer: string | readonly string[],
  status: number,
  headers: Readonly<Record<string, string>> = {},
): OutboundResponse {
  const body = typeof answer === "string" ? answer : `[${answer.join(",")}]`;
  return { status, headers: { ...JSON_HEADERS, ...headers }, body };
}

/**
 * One server-sent event stream to one client: a queue that the listener drains as fast as the client reads, with
 * comments as heartbeats so that nothing on the way takes silence for death. A client that does not read is cut off.
 */
import { AegisError } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import type { OutboundResponse } from "../../../runtime/runtime.ts";

/** Below the idle limits of the usual proxies (30 to 60 s). */
export const HEARTBEAT_MS = 15_000;
/** What may wait for a slow reader; one larger event is still sent when nothing else waits. */
const BACKLOG_CHARS_MAX = 4 * 1024 * 1024;

export interface EventSink {
  /** False when the stream is over: the text was not taken. */
  write(text: string): boolean;
  /** Lets what is queued go out, then ends the stream. */
  end(): void;
  readonly isOpen: () => boolean;
  /** Called once when the stream is over, whoever ended it. */
  onClosed(listener: () => void): void;
  readonly body: AsyncIterable<string>;
}

export function openEventSink(clock: Pick<Clock, "sleep">, heartbeatMs = HEARTBEAT_MS): EventSink {
  const queue: string[] = [];
  const closing = new AbortController();
  const listeners: (() => void)[] = [];
  let backlogChars = 0;
  let ending = false;
  let wake: (() => void) | undefined;

  const close = (): void => {
    if (closing.signal.aborted) return;
    ending = true;
    queue.length = 0;
    closing.abort(new AegisError("cancelled", "the event stream is over"));
    wake?.();
    for (const listener of listeners) listener();
  };

  const write = (text: string): boolean => {
    if (ending) return false;
    if (backlogChars > BACKLOG_CHARS_MAX) {
      close();
      return false;
    }
    queue.push(text);
    backlogChars += text.length;
    wake?.();
    return true;
  };

  const next = async (): Promise<IteratorResult<string>> => {
    while (queue.length === 0) {
      if (ending) {
        close();
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const text = queue.join("");
    queue.length = 0;
    backlogChars = 0;
    return { done: false, value: text };
  };

  // An iterator by hand: a generator that waits cannot be returned before its wait ends.
  const iterator: AsyncIterator<string> = {
    next,
    return: () => {
      close();
      return Promise.resolve({ done: true, value: undefined });
    },
  };

  void beat(clock, heartbeatMs, closing.signal, () => write(": keepalive\n\n"));
  return {
    write,
    end() {
      ending = true;
      wake?.();
    },
    isOpen: () => !ending,
    onClosed(listener) {
      if (closing.signal.aborted) listener();
      else listeners.push(listener);
    },
    body: { [Symbol.asyncIterator]: () => iterator },
  };
}

async function beat(
  clock: Pick<Clock, "sleep">,
  everyMs: number,
  signal: AbortSignal,
  write: () => boolean,
): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (!write()) return;
    }
  } catch {
    // The stream is over.
  }
}

export interface SseEvent {
  /** JSON on one line, or empty. */
  readonly data: string;
  readonly id?: string;
  readonly event?: string;
  readonly retryMs?: number;
}

/** `data` never holds a line break: JSON text escapes them. */
export function formatEvent({ data, id, event, retryMs }: SseEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(retryMs === undefined ? [] : [`retry: ${retryMs}`]),
    `data: ${data}`,
  ];
  return `${lines.join("\n")}\n\n`;
}

export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

export function streamResponse(sink: EventSink, headers: Readonly<Record<string, string>> = {}): OutboundResponse {
  return { status: 200, headers: { ...STREAM_HEADERS, ...headers }, body: sink.body };
}

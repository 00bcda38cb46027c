/**
 * The numbered streams of one session and what was said on them, so that a client whose connection broke can go on
 * where it stopped (`Last-Event-ID`, MCP 2025-11-25 basic/transports). Bounded: what is too old is forgotten, and
 * a client that asks for it is told so.
 */
import type { Clock } from "../../../governance/ports.ts";
import { type EventSink, formatEvent, openEventSink } from "./event-sink.ts";
import type { ReplyStream } from "./reply.ts";

/** Kept for one session over all its streams. */
const LOG_CHARS_MAX = 512 * 1024;
const LOG_EVENTS_MAX = 1_000;
/** How soon a client comes back after a stream ended before its result. */
const RETRY_MS = 1_000;

export interface EventLog {
  /** A stream for one answer; numbered and kept. */
  openStream(): ReplyStream;
  /** Says something that belongs to no request; kept until a client listens. */
  readonly announce: (message: string) => void;
  /** The stream for announcements. A second listener takes over from the first. */
  listen(): EventSink;
  /** Goes on after the given event; undefined when it is unknown or forgotten. */
  resume(lastEventId: string): EventSink | undefined;
  /** Whether somebody is connected. */
  readonly isAttached: () => boolean;
  readonly close: () => void;
}

interface Entry {
  readonly seq: number;
  readonly text: string;
}

interface LoggedStream {
  readonly id: number;
  entries: Entry[];
  nextSeq: number;
  /** Everything up to here was handed to a connection at least once. */
  handedSeq: number;
  ended: boolean;
  sink: EventSink | undefined;
}

/** `primes`: streams begin with an event without data, which clients before 2025-11-25 cannot read. */
export function createEventLog(clock: Pick<Clock, "sleep">, primes: boolean): EventLog {
  const streams = new Map<number, LoggedStream>();
  let nextId = 0;

  const create = (): LoggedStream => {
    const stream: LoggedStream = {
      id: nextId++,
      entries: [],
      nextSeq: 0,
      handedSeq: -1,
      ended: false,
      sink: undefined,
    };
    streams.set(stream.id, stream);
    return stream;
  };
  const announcements = create();

  const attach = (stream: LoggedStream, afterSeq: number): EventSink => {
    stream.sink?.end();
    const sink = openEventSink(clock);
    stream.sink = sink;
    sink.onClosed(() => {
      if (stream.sink === sink) stream.sink = undefined;
    });
    // Something must be sent for the client to see that the stream is open.
    if (stream.id === announcements.id) sink.write(": listening\n\n");
    for (const entry of stream.entries) if (entry.seq > afterSeq) hand(stream, sink, entry);
    if (stream.ended) sink.end();
    return sink;
  };

  const append = (stream: LoggedStream, data: string, retryMs?: number): void => {
    const seq = stream.nextSeq++;
    const id = `${stream.id}-${seq}`;
    const text = formatEvent({ id, event: "message", data, ...(retryMs === undefined ? {} : { retryMs }) });
    stream.entries.push({ seq, text });
    if (stream.sink !== undefined) hand(stream, stream.sink, { seq, text });
    forget(streams);
  };

  return {
    openStream() {
      const stream = create();
      const sink = attach(stream, -1);
      // Gives the client an event to come back to before anything else has been said.
      if (primes) sink.write(formatEvent({ id: `${stream.id}-${stream.nextSeq++}`, retryMs: RETRY_MS, data: "" }));
      return {
        sink,
        send: (message) => append(stream, message),
        end() {
          stream.ended = true;
          stream.sink?.end();
        },
      };
    },
    announce: (message) => append(announcements, message),
    listen: () => attach(announcements, announcements.handedSeq),
    resume(lastEventId) {
      const found = /^(\d{1,9})-(\d{1,9})$/.exec(lastEventId);
      const stream = found === null ? undefined : streams.get(Number(found[1]));
      const seq = Number(found?.[2]);
      if (stream === undefined || seq >= stream.nextSeq) return undefined;
      const oldest = stream.entries[0]?.seq ?? stream.nextSeq;
      const isGap = stream.id === announcements.id ? false : oldest > seq + 1;
      return isGap ? undefined : attach(stream, seq);
    },
    isAttached: () => [...streams.values()].some(({ sink }) => sink !== undefined),
    close() {
      for (const stream of streams.values()) {
        stream.ended = true;
        stream.sink?.end();
      }
    },
  };
}

function hand(stream: LoggedStream, sink: EventSink, entry: Entry): void {
  if (sink.write(entry.text)) stream.handedSeq = Math.max(stream.handedSeq, entry.seq);
}

/** Oldest streams first, and within one its oldest events; an ended stream with nothing left is dropped. */
function forget(streams: Map<number, LoggedStream>): void {
  const all = [...streams.values()];
  let events = all.reduce((sum, { entries }) => sum + entries.length, 0);
  let chars = all.reduce((sum, { entries }) => sum + entries.reduce((part, { text }) => part + text.length, 0), 0);
  for (const stream of all) {
    while ((events > LOG_EVENTS_MAX || chars > LOG_CHARS_MAX) && stream.entries.length > 0) {
      const [first] = stream.entries;
      stream.entries = stream.entries.slice(1);
      events -= 1;
      chars -= first?.text.length ?? 0;
    }
    if (stream.ended && stream.entries.length === 0) streams.delete(stream.id);
  }
}

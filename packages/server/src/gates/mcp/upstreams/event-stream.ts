/**
 * Bodies of HTTP answers: bounded text, and server-sent events read as they come (WHATWG HTML 9.2).
 * UTF-8 is decoded across chunks; an event that grows beyond the limit ends the stream.
 */
import { AegisError } from "@aegisflow/core";
import { createParser } from "eventsource-parser";
import { MESSAGE_BYTES_MAX } from "./frames.ts";

export interface ServerEvent {
  /** `message` unless the server named another. */
  readonly event: string;
  readonly data: string;
}

/** What a reader needs in order to take the stream up again where it broke. */
export interface StreamPosition {
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

/** @throws AegisError `too-large` when one event is longer than a message may be. */
export async function* readEvents(
  name: string,
  body: AsyncIterable<Uint8Array>,
  position: StreamPosition,
): AsyncGenerator<ServerEvent> {
  const ready: ServerEvent[] = [];
  let oversized = false;
  const parser = createParser({
    maxBufferSize: MESSAGE_BYTES_MAX,
    onEvent: ({ event, data }) => void ready.push({ event: event ?? "message", data }),
    onId: (id) => {
      position.lastEventId = id === "" ? undefined : id;
    },
    onRetry: (retryMs) => {
      position.retryMs = retryMs;
    },
    onError: (error) => {
      oversized ||= error.type === "max-buffer-size-exceeded";
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (oversized) throw tooLarge(name, MESSAGE_BYTES_MAX);
    // An event without data only moves the position.
    for (const event of ready.splice(0)) if (event.data !== "") yield event;
  }
}

/** @throws AegisError `too-large` as soon as more than `bytesMax` have arrived. */
export async function readText(name: string, body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(name, bytesMax);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Frees the connection of an answer that nobody reads. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

function tooLarge(name: string, bytesMax: number): AegisError {
  return new AegisError("too-large", `upstream \`${name}\` answered with more than ${bytesMax} bytes`);
}

/**
 * What an HTTP answer of an MCP server means: messages for the calls under way, or an error that says what happened.
 * Used by both eras of Streamable HTTP.
 */
import { AegisError, type AegisErrorOptions, isAegisError } from "@aegisflow/core";
import type { FetchResponse } from "../../../runtime/runtime.ts";
import type { Calls } from "./calls.ts";
import { discard, readEvents, readText, type StreamPosition } from "./event-stream.ts";
import { type Frame, MESSAGE_BYTES_MAX, parseFrames } from "./frames.ts";

/** Of a refusal: enough for a JSON-RPC error or a proxy's page. */
const REFUSAL_BYTES_MAX = 64 * 1024;
/** Of a refusal in the log. */
const REFUSAL_CHARS_SHOWN = 300;

export type AnswerKind = "json" | "events" | "empty" | "refused";

export function answerKind(response: FetchResponse): AnswerKind {
  if (response.status < 200 || response.status > 299) return "refused";
  const type = (response.headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("text/event-stream")) return "events";
  return type.startsWith("application/json") ? "json" : "empty";
}

/** Feeds the messages of one answer to the calls, as they come. `relatedId`: the call that was posted. */
export async function feedAnswer(
  name: string,
  response: FetchResponse,
  calls: Calls,
  position: StreamPosition,
  relatedId?: number,
): Promise<void> {
  switch (answerKind(response)) {
    case "events":
      await feedEvents(name, response.body, calls, position, relatedId);
      break;
    case "json":
      for (const frame of parseFrames(name, await readText(name, response.body, MESSAGE_BYTES_MAX)))
        calls.receive(frame, relatedId);
      break;
    case "empty":
      await discard(response.body);
      break;
    case "refused":
      throw await refusalOf(name, response);
  }
}

export async function feedEvents(
  name: string,
  body: AsyncIterable<Uint8Array>,
  calls: Calls,
  position: StreamPosition,
  relatedId?: number,
): Promise<void> {
  for await (const { event, data } of readEvents(name, body, position)) {
    if (event !== "message") continue;
    for (const frame of parseFrames(name, data)) calls.receive(frame, relatedId);
    // INVARIANT: after its answer a call's stream has nothing more to say; a server that keeps it open is left.
    if (relatedId !== undefined && !calls.isPending(relatedId)) return;
  }
}

/** A refusal may be a JSON-RPC error of the server itself; then that is the answer. */
export interface Refusal {
  readonly status: number;
  readonly frame: Extract<Frame, { kind: "error" }> | undefined;
  readonly text: string;
}

export async function readRefusal(name: string, response: FetchResponse): Promise<Refusal> {
  const text = await readText(name, response.body, REFUSAL_BYTES_MAX).catch(() => "");
  return { status: response.status, frame: errorFrame(name, text), text };
}

function errorFrame(name: string, text: string): Refusal["frame"] {
  try {
    const [frame] = parseFrames(name, text);
    return frame?.kind === "error" ? frame : undefined;
  } catch {
    return undefined;
  }
}

/** A status that says more than its text: which era, which session. */
export class HttpRefusalError extends AegisError {
  readonly status: number;
  constructor(message: string, status: number, options: AegisErrorOptions) {
    super("upstream-failed", message, options);
    this.status = status;
  }
}

export function refusalError(name: string, { status, text }: Pick<Refusal, "status" | "text">): HttpRefusalError {
  const detail = text.slice(0, REFUSAL_CHARS_SHOWN);
  // 429 and 503 are given before any work was done.
  const retryable = status === 429 || status === 503;
  return new HttpRefusalError(`upstream \`${name}\` ${refusalText(status)}`, status, { detail, retryable });
}

function refusalText(status: number): string {
  if (status === 401) return "wants other credentials (HTTP 401); check its headers or oauth";
  if (status === 403) return "refused our credentials (HTTP 403); check their permissions";
  return `answered with HTTP ${status}`;
}

async function refusalOf(name: string, response: FetchResponse): Promise<AegisError> {
  return refusalError(name, await readRefusal(name, response));
}

/** The connection went away in the middle; what was read so far was well-formed. */
export function isBrokenStream(error: unknown): boolean {
  return !isAegisError(error) || (error.code === "upstream-failed" && error.cause !== undefined);
}

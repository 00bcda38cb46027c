/**
 * Answers of the gateway as lines for the client: JSON as it is, events one by one, and HTTP refusals as JSON-RPC
 * errors under the id of the request they refuse.
 */
import { createParser } from "eventsource-parser";
import { errorLine, type RpcId } from "./bridge-message.ts";

/** Larger than any result the gateway lets through. */
const EVENT_CHARS_MAX = 300 * 1024 * 1024;
const GATEWAY_ERROR = -32000;

/** Where a stream stands, so that it can be taken up again. */
export interface StreamPosition {
  lastEventId: string | undefined;
  retryMs: number;
}

/** Hands on each message. False when the stream broke instead of ending. */
export async function readMessages(
  response: Response,
  position: StreamPosition,
  onMessage: (text: string) => void,
): Promise<boolean> {
  if (!isEventStream(response)) {
    const text = await response.text();
    if (text.trim() !== "") onMessage(toLine(text));
    return true;
  }
  const parser = createParser({
    maxBufferSize: EVENT_CHARS_MAX,
    onEvent: ({ data }) => {
      if (data !== "") onMessage(toLine(data));
    },
    onId: (id) => {
      position.lastEventId = id;
    },
    onRetry: (retryMs) => {
      position.retryMs = retryMs;
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
    return true;
  } catch {
    return false;
  }
}

export function isEventStream(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
}

/** Raw line ends cannot be inside a JSON string, so they are only layout. */
function toLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim();
}

/** The refusal of one request, in the gateway's words where it has some. */
export async function refusalLine(response: Response, id: RpcId): Promise<string> {
  if (response.status === 401) {
    return errorLine(
      id,
      GATEWAY_ERROR,
      "AegisFlow refused the API key; set AEGISFLOW_API_KEY to a valid one, or --key-file to its file",
    );
  }
  const text = await response.text().catch(() => "");
  const error = errorOf(text);
  if (error !== undefined) return JSON.stringify({ jsonrpc: "2.0", id, error });
  return errorLine(id, GATEWAY_ERROR, `AegisFlow MCP gateway answered with HTTP status ${response.status}`);
}

function errorOf(text: string): object | undefined {
  try {
    const { error } = JSON.parse(text);
    return typeof error === "object" && error !== null && Number.isInteger(error.code) && error.code < 0
      ? error
      : undefined;
  } catch {
    return undefined;
  }
}

export function unreachableLine(id: RpcId, url: string, reason: string): string {
  const message = `AegisFlow MCP gateway unreachable at ${url}. Is AegisFlow running? Start it, or set AEGISFLOW_MCP_URL. (${reason})`;
  return errorLine(id, GATEWAY_ERROR, message);
}

export function brokenLine(id: RpcId, url: string): string {
  return errorLine(
    id,
    GATEWAY_ERROR,
    `the connection to the AegisFlow MCP gateway at ${url} broke before the answer; the call may have run`,
  );
}

/**
 * From an HTTP request to the server of its transport and era. The order of refusals is fixed: foreign web pages
 * first, then unknown callers, then what cannot be read, and only then anything of MCP. There is no path on which a
 * message is served without these.
 */
import { isAegisError } from "@aegisflow/core";
import { ERROR_TABLE } from "../../http/error-response.ts";
import type { LocalRequestCheck } from "../../http/local-request.ts";
import type { InboundRequest, OutboundResponse } from "../../runtime/runtime.ts";
import type { McpCaller } from "./exchange.ts";
import type { LegacyServer } from "./serve-legacy.ts";
import type { ModernServer } from "./serve-modern.ts";
import type { SseServer } from "./serve-sse.ts";
import { isJsonContentType } from "./wire/accept.ts";
import { encodeError, isJsonObject, parseRpcBody, type RpcBody, textOf } from "./wire/json-rpc.ts";
import { assertLegacyBatch, eraOf } from "./wire/modern-envelope.ts";
import { JSON_HEADERS } from "./wire/reply.ts";
import { INVALID_REQUEST, PARSE_ERROR, RpcError, toErrorObject, toRpcError } from "./wire/rpc-error.ts";
import { isModernVersion } from "./wire/versions.ts";

export interface Serving {
  readonly authenticate: (request: InboundRequest) => Promise<McpCaller>;
  readonly localCheck: () => LocalRequestCheck;
  readonly requestBytesMax: () => number;
  readonly modern: ModernServer;
  readonly legacy: LegacyServer;
  readonly sse: SseServer;
}

/** Never throws. */
export async function routeMcpRequest(request: InboundRequest, serving: Serving): Promise<OutboundResponse> {
  try {
    if (request.path === "/health") return health(request);
    serving.localCheck().assertLocal(request.headers);
    const caller = await serving.authenticate(request);
    return await route(request, caller, serving);
  } catch (error) {
    return refusal(error);
  }
}

/** Says that the process answers, to anyone; nothing else is served without a key, whatever the method. */
function health(request: InboundRequest): OutboundResponse {
  if (request.method !== "GET" && request.method !== "HEAD") throw wrongMethod(request, "GET");
  return { status: 200, headers: { ...JSON_HEADERS }, body: request.method === "HEAD" ? null : '{"status":"ok"}' };
}

const SSE_SESSION_PATH = /^\/mcp\/session\/([0-9a-f]{32})$/;

/** `/mcp` and `/` are one endpoint; the other two are the transport of 2024-11-05. */
function route(
  request: InboundRequest,
  caller: McpCaller,
  serving: Serving,
): Promise<OutboundResponse> | OutboundResponse {
  const { method, path } = request;
  const sessionId = sseSessionOf(request);
  if (sessionId !== undefined) {
    if (method !== "POST") throw wrongMethod(request, "POST");
    return readBody(request, serving).then((body) => serving.sse.post(request, caller, sessionId, body));
  }
  if (path === "/sse") {
    if (method !== "GET") throw wrongMethod(request, "GET");
    return serving.sse.open(request, caller);
  }
  if (path !== "/mcp" && path !== "/")
    throw new RpcError(INVALID_REQUEST, `nothing is served at this path; use /mcp`, { status: 404 });
  if (method === "POST") return readBody(request, serving).then((body) => post(request, caller, body, serving));
  if ((method !== "GET" && method !== "DELETE") || isModernHeader(request)) throw wrongMethod(request, "POST");
  return method === "GET" ? serving.legacy.get(request, caller) : serving.legacy.delete(request, caller);
}

function post(request: InboundRequest, caller: McpCaller, body: RpcBody, serving: Serving): Promise<OutboundResponse> {
  if (body.kind === "batch") {
    assertLegacyBatch(body.messages, request.headers);
    return serving.legacy.post(request, caller, body);
  }
  const era = eraOf(body.message, request.headers);
  return era === "modern"
    ? serving.modern.post(request, caller, body.message)
    : serving.legacy.post(request, caller, body);
}

function sseSessionOf({ path, query }: InboundRequest): string | undefined {
  if (path === "/messages") return new URLSearchParams(query).get("sessionId") ?? "";
  return SSE_SESSION_PATH.exec(path)?.[1];
}

function isModernHeader({ headers }: InboundRequest): boolean {
  return isModernVersion(headers.get("mcp-protocol-version")?.trim() ?? "");
}

async function readBody(request: InboundRequest, { requestBytesMax }: Serving): Promise<RpcBody> {
  if (!isJsonContentType(request.headers.get("content-type"))) {
    throw new RpcError(INVALID_REQUEST, "send Content-Type: application/json", { status: 415 });
  }
  const bytesMax = requestBytesMax();
  const bytes = await request.readBody(bytesMax);
  return parseRpcBody(decodeUtf8(bytes), bytesMax);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RpcError(PARSE_ERROR, "parse error: the body is not UTF-8 text", { status: 400 });
  }
}

function wrongMethod({ method }: InboundRequest, allow: string): RpcError {
  return new RpcError(INVALID_REQUEST, `method not allowed: ${method.slice(0, 20)}; use ${allow}`, {
    status: 405,
    data: { allow },
  });
}

/** A refusal before any message was served: an HTTP status, and the same in the words of JSON-RPC. */
function refusal(error: unknown): OutboundResponse {
  const known = toRpcError(error);
  const status = isAegisError(error) ? ERROR_TABLE[error.code].status : known.status === 200 ? 500 : known.status;
  const headers: Record<string, string> = { ...JSON_HEADERS };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="aegisflow"';
  if (status === 405 && known.data !== undefined) headers["allow"] = allowOf(known);
  if (status === 413) headers["connection"] = "close";
  if (status === 429 || status === 503) headers["retry-after"] = "1";
  return { status, headers, body: encodeError(null, toErrorObject(known)) };
}

function allowOf(error: RpcError): string {
  return isJsonObject(error.data) ? textOf(error.data["allow"]) : "POST";
}

/**
 * What every request of the 2026-07-28 era carries about itself in `params._meta`, and the agreement of its headers
 * with its body. Authority is the body; headers are for those who route without reading it, and a request whose
 * headers tell another story is refused. Order of refusals as in the official implementation. Pure.
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import { decodeHeaderValue } from "../catalog/param-headers.ts";
import { isLogLevel } from "../log-levels.ts";
import { findCaseVariant } from "./case-variants.ts";
import { isJsonObject, type RpcMessage, type RpcRequest } from "./json-rpc.ts";
import { HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, RpcError, UNSUPPORTED_VERSION } from "./rpc-error.ts";
import { isModernVersion, MODERN_VERSIONS } from "./versions.ts";

const META = "io.modelcontextprotocol/";
const VERSION_KEY = `${META}protocolVersion`;
const CAPABILITIES_KEY = `${META}clientCapabilities`;
const CLIENT_INFO_KEY = `${META}clientInfo`;
const LOG_LEVEL_KEY = `${META}logLevel`;
export const SERVER_INFO_KEY = `${META}serverInfo`;
export const SUBSCRIPTION_ID_KEY = `${META}subscriptionId`;
const RESERVED = [
  VERSION_KEY,
  CAPABILITIES_KEY,
  CLIENT_INFO_KEY,
  LOG_LEVEL_KEY,
  "progressToken",
  "traceparent",
  "tracestate",
  "baggage",
];

export interface ModernEnvelope {
  readonly version: string;
  readonly clientCapabilities: JsonObject;
  readonly logLevel: string | undefined;
  /** Everything that is not the protocol's own. */
  readonly meta: JsonObject;
}

type Headers = ReadonlyMap<string, string>;

/** Which era a message belongs to. @throws RpcError for a mixture of both. */
export function eraOf(message: RpcMessage, headers: Headers): "modern" | "legacy" {
  const header = headers.get("mcp-protocol-version")?.trim();
  const headerIsModern = header !== undefined && isModernVersion(header);
  if (message.kind === "answer") {
    if (headerIsModern) throw refuse(INVALID_REQUEST, "answers are sent as `inputResponses` in this protocol version");
    return "legacy";
  }
  const claim = claimOf(message.params);
  if (message.method === "initialize" && !(typeof claim === "string" && isModernVersion(claim))) {
    if (headerIsModern)
      throw refuse(HEADER_MISMATCH, "initialize belongs to earlier protocol versions than MCP-Protocol-Version says");
    return "legacy";
  }
  return claim !== undefined || headerIsModern ? "modern" : "legacy";
}

/** A batch is always legacy; one that contains a modern request is refused. */
export function assertLegacyBatch(messages: readonly RpcMessage[], headers: Headers): void {
  if (messages.some((message) => message.kind !== "answer" && eraOf(message, headers) === "modern")) {
    throw refuse(INVALID_REQUEST, "this protocol version has no batches; send one message per request");
  }
}

/** @throws RpcError -32602, -32020 or -32022, each with HTTP status 400. */
export function readModernEnvelope(request: RpcRequest, headers: Headers): ModernEnvelope {
  const envelope = readMeta(request.params["_meta"]);
  const header = headers.get("mcp-protocol-version")?.trim();
  if (header !== undefined && header !== envelope.version) {
    throw refuse(
      HEADER_MISMATCH,
      `the body says protocol version ${envelope.version}, header MCP-Protocol-Version says ${header}`,
    );
  }
  const method = headers.get("mcp-method")?.trim();
  if (method !== undefined && method !== request.method) {
    throw refuse(HEADER_MISMATCH, `the body says method ${request.method}, header Mcp-Method says ${method}`);
  }
  if (!MODERN_VERSIONS.includes(envelope.version)) {
    throw new RpcError(UNSUPPORTED_VERSION, `unsupported protocol version: ${envelope.version}`, {
      status: 400,
      data: { supported: [...MODERN_VERSIONS], requested: envelope.version },
    });
  }
  if (header === undefined) throw refuse(HEADER_MISMATCH, "header MCP-Protocol-Version is missing");
  if (method === undefined) throw refuse(HEADER_MISMATCH, "header Mcp-Method is missing");
  assertNameAgrees(request, headers);
  return envelope;
}

const NAME_SOURCES: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

function assertNameAgrees(request: RpcRequest, headers: Headers): void {
  const source = Object.hasOwn(NAME_SOURCES, request.method) ? NAME_SOURCES[request.method] : undefined;
  const name = source === undefined ? undefined : request.params[source];
  if (source === undefined || typeof name !== "string") return;
  const sent = headers.get("mcp-name");
  if (sent === undefined) throw refuse(HEADER_MISMATCH, `the body has \`${source}\` but header Mcp-Name is missing`);
  const decoded = decodeHeaderValue(sent);
  if (decoded === undefined) throw refuse(HEADER_MISMATCH, "header Mcp-Name is not valid Base64");
  if (decoded !== name) throw refuse(HEADER_MISMATCH, `header Mcp-Name and \`${source}\` of the body differ`);
}

function claimOf(params: JsonObject): JsonValue | undefined {
  const meta = params["_meta"];
  return isJsonObject(meta) ? meta[VERSION_KEY] : undefined;
}

function readMeta(meta: JsonValue | undefined): ModernEnvelope {
  if (!isJsonObject(meta)) throw badMeta("`_meta` is missing");
  const variant = findCaseVariant(meta, RESERVED);
  if (variant !== undefined) throw badMeta(`\`${variant.key}\` reads like \`${variant.known}\`; send one spelling`);
  const {
    [VERSION_KEY]: version,
    [CAPABILITIES_KEY]: clientCapabilities,
    [CLIENT_INFO_KEY]: clientInfo,
    [LOG_LEVEL_KEY]: logLevel,
    ...rest
  } = meta;
  if (typeof version !== "string") throw badMeta(`\`${VERSION_KEY}\` is missing`);
  if (!isJsonObject(clientCapabilities)) throw badMeta(`\`${CAPABILITIES_KEY}\` is missing`);
  if (clientInfo !== undefined && !isJsonObject(clientInfo)) throw badMeta(`\`${CLIENT_INFO_KEY}\` must be an object`);
  if (logLevel !== undefined && !isLogLevel(logLevel)) throw badMeta(`\`${LOG_LEVEL_KEY}\` is not a log level`);
  return { version, clientCapabilities, logLevel, meta: withoutReserved(rest) };
}

/** `_meta` as it may be passed on: the protocol's own entries speak of one hop only. */
export function withoutReserved(meta: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith(META)));
}

function badMeta(what: string): RpcError {
  return new RpcError(INVALID_PARAMS, `invalid params: ${what}`, { status: 400 });
}

function refuse(code: number, message: string): RpcError {
  return new RpcError(code, message, { status: 400 });
}

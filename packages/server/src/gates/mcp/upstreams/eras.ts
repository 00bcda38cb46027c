/**
 * The two eras of MCP as an upstream speaks them: which revisions there are, how a session of the legacy era is
 * opened (`initialize`), and what every request of the modern era carries (`_meta`).
 * Sources: MCP 2025-11-25 basic/lifecycle, MCP 2026-07-28 basic/versioning and basic/index#meta.
 */
import { AegisError, type JsonObject, type JsonValue } from "@aegisflow/core";
import { PRODUCT_VERSION } from "@aegisflow/core/version";

export type Era = "modern" | "legacy";

export const MODERN_VERSION = "2026-07-28";
/** Newest first; the first one is offered. */
export const LEGACY_VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
export const LEGACY_VERSION_OFFERED = "2025-11-25";

/** Codes that only a modern server uses: seeing one settles the era (MCP 2026-07-28 basic/transports). */
export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

const CLIENT_INFO: JsonObject = { name: "aegisflow", version: PRODUCT_VERSION };

/**
 * What the gateway can pass on to its clients. A legacy server learns it once, for all clients; what a particular
 * client did not declare is refused when the server asks for it (see calls.ts).
 */
const LEGACY_CLIENT_CAPABILITIES: JsonObject = {
  sampling: {},
  elicitation: { form: {}, url: {} },
  roots: {},
};

export function initializeParams(): JsonObject {
  return {
    protocolVersion: LEGACY_VERSION_OFFERED,
    capabilities: LEGACY_CLIENT_CAPABILITIES,
    clientInfo: CLIENT_INFO,
  };
}

/** What a server said of itself when the session was opened. */
export interface ServerFacts {
  readonly era: Era;
  readonly version: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | undefined;
}

/** @throws AegisError `upstream-failed` when the server chose a version that this gateway does not speak. */
export function readInitializeResult(name: string, result: JsonObject): ServerFacts {
  const version = result["protocolVersion"];
  if (typeof version !== "string" || !LEGACY_VERSIONS.includes(version)) {
    throw new AegisError("upstream-failed", `upstream \`${name}\` speaks a protocol version that is not supported`, {
      detail: `protocolVersion ${JSON.stringify(version)}`,
    });
  }
  return {
    era: "legacy",
    version,
    capabilities: asObject(result["capabilities"]) ?? {},
    serverInfo: asObject(result["serverInfo"]) ?? {},
    instructions: asText(result["instructions"]),
  };
}

/** The server answered, but not as one of the era that was tried. */
export class EraMismatchError extends AegisError {}

/** @throws EraMismatchError when the modern revision is not among those the server speaks. */
export function readDiscoverResult(name: string, result: JsonObject): ServerFacts {
  const versions = result["supportedVersions"];
  if (!Array.isArray(versions) || !versions.includes(MODERN_VERSION)) {
    const message = `upstream \`${name}\` does not speak MCP ${MODERN_VERSION}`;
    throw new EraMismatchError("upstream-failed", message, { detail: `supportedVersions ${JSON.stringify(versions)}` });
  }
  const meta = asObject(result["_meta"]);
  return {
    era: "modern",
    version: MODERN_VERSION,
    capabilities: asObject(result["capabilities"]) ?? {},
    // NOTE: early modern servers put serverInfo into the result itself.
    serverInfo: asObject(meta?.["io.modelcontextprotocol/serverInfo"]) ?? asObject(result["serverInfo"]) ?? {},
    instructions: asText(result["instructions"]),
  };
}

/** The reserved `_meta` entries that a request of the modern era must carry. */
export function modernMeta(clientCapabilities: JsonObject, logLevel: string | undefined): JsonObject {
  return {
    "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
    "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
    "io.modelcontextprotocol/clientCapabilities": clientCapabilities,
    ...(logLevel === undefined ? {} : { "io.modelcontextprotocol/logLevel": logLevel }),
  };
}

export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asText(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

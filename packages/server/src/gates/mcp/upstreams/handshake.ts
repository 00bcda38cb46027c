/**
 * How the era of an upstream is settled and a session with it begun (MCP 2026-07-28 basic/versioning).
 * `legacy` and `modern` are taken at their word; `auto` asks first the way that is safe on the transport:
 * `initialize` on stdio, `server/discover` on HTTP.
 */
import { AegisError, errorText, type JsonObject } from "@aegisflow/core";
import { type UpstreamRequest, UpstreamRpcError } from "../upstream.ts";
import {
  type Era,
  EraMismatchError,
  HEADER_MISMATCH,
  initializeParams,
  MISSING_CLIENT_CAPABILITY,
  MODERN_VERSION,
  readDiscoverResult,
  readInitializeResult,
  type ServerFacts,
  UNSUPPORTED_VERSION,
} from "./eras.ts";
import { HttpRefusalError } from "./http-answers.ts";

export type UpstreamProtocol = "auto" | "modern" | "legacy";

/** A server that neither answers nor refuses a probe of the other era is not waited for longer. */
const PROBE_MS_MAX = 10_000;

export interface Handshake {
  request(request: Omit<UpstreamRequest, "signal">, era: Era): Promise<JsonObject>;
  /** `notifications/initialized`. */
  notify(method: string): Promise<void>;
}

export interface HandshakeConfig {
  readonly name: string;
  readonly protocol: UpstreamProtocol;
  readonly timeoutMs: number;
}

/** @throws AegisError, UpstreamRpcError when the server takes neither hand. */
export async function shakeHands(handshake: Handshake, config: HandshakeConfig): Promise<ServerFacts> {
  if (config.protocol === "modern") return discover(handshake, config, config.timeoutMs);
  try {
    return await initialize(handshake, config);
  } catch (error) {
    if (config.protocol === "legacy" || !(error instanceof UpstreamRpcError)) throw error;
    return discover(handshake, config, Math.min(PROBE_MS_MAX, config.timeoutMs)).catch((second: unknown) => {
      throw neitherEra(config.name, error, second);
    });
  }
}

/** For HTTP: modern first; what is not an answer of a modern server means legacy. */
export async function probeModernFirst(handshake: Handshake, config: HandshakeConfig): Promise<ServerFacts> {
  if (config.protocol === "legacy") return initialize(handshake, config);
  try {
    return await discover(handshake, config, config.timeoutMs);
  } catch (error) {
    if (config.protocol === "modern" || !speaksLegacy(error)) throw error;
    return initialize(handshake, config).catch((second: unknown) => {
      throw neitherEra(config.name, error, second);
    });
  }
}

export async function initialize(handshake: Handshake, config: HandshakeConfig): Promise<ServerFacts> {
  const request = handshakeRequest("initialize", initializeParams(), config.timeoutMs);
  const facts = readInitializeResult(config.name, await handshake.request(request, "legacy"));
  await handshake.notify("notifications/initialized");
  return facts;
}

/** A server may refuse our first choice of version and name ours among those it speaks; then it is asked once more. */
async function discover(handshake: Handshake, config: HandshakeConfig, timeoutMs: number): Promise<ServerFacts> {
  const request = handshakeRequest("server/discover", {}, timeoutMs);
  const answer = await handshake.request(request, "modern").catch((error: unknown) => {
    if (!namesModernVersion(error)) throw error;
    return handshake.request(request, "modern");
  });
  return readDiscoverResult(config.name, answer);
}

function namesModernVersion(error: unknown): boolean {
  return (
    error instanceof UpstreamRpcError &&
    error.code === UNSUPPORTED_VERSION &&
    supportedVersions(error).includes(MODERN_VERSION)
  );
}

/** Only an answer of the server itself says so; a refused login or a dead network says nothing about its era. */
function speaksLegacy(error: unknown): boolean {
  // NOTE: lenient legacy servers answer any method with an empty result.
  if (error instanceof EraMismatchError) return true;
  if (error instanceof HttpRefusalError)
    return error.status >= 400 && error.status < 500 && !ACCESS_STATUSES.has(error.status);
  if (!(error instanceof UpstreamRpcError)) return false;
  if (error.code === UNSUPPORTED_VERSION) return supportedVersions(error).some((version) => version !== MODERN_VERSION);
  return error.code !== HEADER_MISMATCH && error.code !== MISSING_CLIENT_CAPABILITY;
}

/** Who may come in, and how often: login, proxy, time, rate. */
const ACCESS_STATUSES: ReadonlySet<number> = new Set([401, 403, 407, 408, 429]);

function supportedVersions(error: UpstreamRpcError): readonly unknown[] {
  const data = error.data;
  if (typeof data !== "object" || data === null || !("supported" in data)) return [];
  return Array.isArray(data.supported) ? data.supported : [];
}

function handshakeRequest(method: string, params: JsonObject, timeoutMs: number): Omit<UpstreamRequest, "signal"> {
  return {
    method,
    params,
    timeoutMs,
    clientCapabilities: {},
    onNotification: () => undefined,
    onServerRequest: () => Promise.reject(new AegisError("invalid-input", "not during the handshake")),
  };
}

function neitherEra(name: string, first: unknown, second: unknown): AegisError {
  const message = `upstream \`${name}\` accepts neither initialize nor server/discover; set its protocol if you know it`;
  return new AegisError("upstream-failed", message, {
    detail: `${errorText(first)}; ${errorText(second)}`,
    cause: second,
  });
}

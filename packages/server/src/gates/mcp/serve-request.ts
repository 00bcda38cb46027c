/**
 * One request of an initialised client, whatever its transport and era: which method, are its parameters
 * unambiguous, who answers it. Unknown methods, and methods no upstream has the capability for, are -32601.
 */
import { assertNever, type JsonObject } from "@aegisflow/core";
import { callTool } from "./call-tool.ts";
import { gatewayCapabilities, gatewayInstructions } from "./capabilities.ts";
import type { Era, Exchange } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { listPrompts, listResources, listTemplates, listTools } from "./lists.ts";
import { complete, getPrompt, readResource } from "./read-actions.ts";
import { setLogLevel, subscribeResource, unsubscribeResource } from "./session-methods.ts";
import { findCaseVariant } from "./wire/case-variants.ts";
import { invalidParams, METHOD_NOT_FOUND, RpcError } from "./wire/rpc-error.ts";
import { MODERN_VERSIONS } from "./wire/versions.ts";

interface Method {
  readonly eras: readonly Era[];
  /** Gateway capability without which it does not exist. */
  readonly capability?: "tools" | "prompts" | "resources" | "completions" | "logging";
  /** Parameters the protocol knows; anything that only reads like one of them is refused. */
  readonly params: readonly string[];
}

const BOTH: readonly Era[] = ["modern", "legacy"];
const RETRY = ["inputResponses", "requestState"];

const METHODS = {
  "server/discover": { eras: ["modern"], params: ["_meta"] },
  "tools/list": { eras: BOTH, capability: "tools", params: ["cursor", "_meta"] },
  "tools/call": { eras: BOTH, capability: "tools", params: ["name", "arguments", "task", "_meta", ...RETRY] },
  "prompts/list": { eras: BOTH, capability: "prompts", params: ["cursor", "_meta"] },
  "prompts/get": { eras: BOTH, capability: "prompts", params: ["name", "arguments", "_meta", ...RETRY] },
  "resources/list": { eras: BOTH, capability: "resources", params: ["cursor", "_meta"] },
  "resources/templates/list": { eras: BOTH, capability: "resources", params: ["cursor", "_meta"] },
  "resources/read": { eras: BOTH, capability: "resources", params: ["uri", "_meta", ...RETRY] },
  "resources/subscribe": { eras: ["legacy"], capability: "resources", params: ["uri", "_meta"] },
  "resources/unsubscribe": { eras: ["legacy"], capability: "resources", params: ["uri", "_meta"] },
  "completion/complete": { eras: BOTH, capability: "completions", params: ["ref", "argument", "context", "_meta"] },
  "logging/setLevel": { eras: ["legacy"], capability: "logging", params: ["level", "_meta"] },
  ping: { eras: ["legacy"], params: ["_meta"] },
} as const satisfies Readonly<Record<string, Method>>;
type MethodName = keyof typeof METHODS;

/** @throws RpcError, UpstreamRpcError or AegisError: see `toRpcError`. */
export async function serveRequest(
  context: GateContext,
  exchange: Exchange,
  name: string,
  params: JsonObject,
): Promise<JsonObject> {
  const method = methodOf(context, exchange.era, name);
  const variant = findCaseVariant(params, METHODS[method].params);
  if (variant !== undefined)
    throw invalidParams(`key \`${variant.key}\` reads like \`${variant.known}\`; send one spelling`);
  switch (method) {
    case "server/discover":
      return discover(context);
    case "tools/list":
      return listTools(context, exchange, params);
    case "tools/call":
      return callTool(context, exchange, params);
    case "prompts/list":
      return listPrompts(context, exchange, params);
    case "prompts/get":
      return getPrompt(context, exchange, params);
    case "resources/list":
      return listResources(context, exchange, params);
    case "resources/templates/list":
      return listTemplates(context, exchange, params);
    case "resources/read":
      return readResource(context, exchange, params);
    case "resources/subscribe":
      return subscribeResource(context, exchange, params);
    case "resources/unsubscribe":
      return unsubscribeResource(context, exchange, params);
    case "completion/complete":
      return complete(context, exchange, params);
    case "logging/setLevel":
      return setLogLevel(context, exchange, params);
    case "ping":
      return {};
    default:
      return assertNever(method, "method");
  }
}

/** Methods whose call may be held open for answers of the client. */
export function mayAskClient(method: string): boolean {
  return method === "tools/call" || method === "prompts/get" || method === "resources/read";
}

function methodOf(context: GateContext, era: Era, name: string): MethodName {
  if (!isMethodName(name)) throw methodNotFound(name);
  const method: Method = METHODS[name];
  const missing =
    method.capability !== undefined && gatewayCapabilities(context.upstreams)[method.capability] === undefined;
  if (!method.eras.includes(era) || missing) throw methodNotFound(name);
  return name;
}

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

function methodNotFound(name: string): RpcError {
  // The modern era gives this error an HTTP status; the legacy one answers in-band.
  return new RpcError(METHOD_NOT_FOUND, `method not found: ${name.slice(0, 128)}`, { status: 404 });
}

function discover(context: GateContext): JsonObject {
  const instructions = gatewayInstructions(context.upstreams);
  return {
    supportedVersions: [...MODERN_VERSIONS],
    capabilities: gatewayCapabilities(context.upstreams),
    ...(instructions === undefined ? {} : { instructions }),
  };
}

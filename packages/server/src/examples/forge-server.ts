/** The example forge as an MCP server: JSON-RPC text in, text out, both eras, no state of its own. */
import { PRODUCT_VERSION } from "@aegisflow/core/version";
import { type Forge, ForgeRefusal } from "./forge-state.ts";
import { FORGE_TOOLS } from "./forge-tools.ts";

export interface ForgeServer {
  /** The answer to one message; undefined when it wants none. */
  answer(text: string): string | undefined;
}

const MODERN = "2026-07-28";
const LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const SERVER_INFO = { name: "example-forge", version: PRODUCT_VERSION };
const CAPABILITIES = { tools: {} };
const INSTRUCTIONS = "A pretend forge. Nothing here leaves this machine.";

type Json = Readonly<Record<string, unknown>>;

/** An answer that is an error of the protocol, not of a tool. */
class RpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function createForgeServer(forge: Forge): ForgeServer {
  return {
    answer: (text) => {
      const message = parse(text);
      const id = message?.["id"];
      if (message === undefined)
        return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "parse error" } });
      if (id === undefined || typeof message["method"] !== "string") return undefined;
      return JSON.stringify({ jsonrpc: "2.0", id, ...outcome(forge, message["method"], object(message["params"])) });
    },
  };
}

function outcome(forge: Forge, method: string, params: Json): Json {
  try {
    const isModern = object(params["_meta"])["io.modelcontextprotocol/protocolVersion"] === MODERN;
    const result = dispatch(forge, method, params);
    return { result: isModern ? { resultType: "complete", ...cacheHints(method), ...result } : result };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

function dispatch(forge: Forge, method: string, params: Json): Json {
  switch (method) {
    case "initialize":
      return initialize(params);
    case "server/discover":
      return {
        supportedVersions: [MODERN],
        capabilities: CAPABILITIES,
        instructions: INSTRUCTIONS,
        _meta: { "io.modelcontextprotocol/serverInfo": SERVER_INFO },
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools: FORGE_TOOLS };
    case "tools/call":
      return callTool(forge, String(params["name"]), object(params["arguments"]));
    default:
      throw new RpcError(-32601, "method not found");
  }
}

function initialize(params: Json): Json {
  const asked = String(params["protocolVersion"]);
  const protocolVersion = LEGACY.includes(asked) ? asked : LEGACY[0];
  return { protocolVersion, capabilities: CAPABILITIES, serverInfo: SERVER_INFO, instructions: INSTRUCTIONS };
}

/** What a tool refuses is a result that says so, for the agent to read. */
function callTool(forge: Forge, name: string, args: Json): Json {
  if (!FORGE_TOOLS.some((tool) => tool.name === name)) throw new RpcError(-32602, `unknown tool ${name}`);
  try {
    return { content: [{ type: "text", text: JSON.stringify(forge.call(name, args)) }] };
  } catch (error) {
    if (!(error instanceof ForgeRefusal)) throw error;
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
}

function cacheHints(method: string): Json {
  return method.endsWith("/list") || method === "server/discover" ? { ttlMs: 0, cacheScope: "private" } : {};
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

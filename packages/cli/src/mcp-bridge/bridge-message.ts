/**
 * What a line from the client is, as far as the bridge must know to carry it: who waits for an answer, which era it
 * speaks. The text itself travels unchanged, so that the gateway judges exactly what the client wrote. Pure.
 */
import { errorText } from "@aegisflow/core/errors";
import { type CanonicalInput, parseStrictJson } from "@aegisflow/evidence/strict-json";

export type RpcId = string | number;
type JsonObject = { readonly [key: string]: CanonicalInput };

export type BridgeMessage =
  | {
      readonly kind: "request" | "notification";
      readonly id?: RpcId;
      readonly method: string;
      readonly params: JsonObject;
      readonly era: "modern" | "legacy";
    }
  /** To something the gateway asked. */
  | { readonly kind: "answer" }
  | { readonly kind: "batch"; readonly ids: readonly RpcId[] }
  | { readonly kind: "unreadable"; readonly id: RpcId | null; readonly reason: string };

/** One line; nested deeper or longer than the gateway takes is refused there, with its reason. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 128;
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

export function readBridgeMessage(line: string): BridgeMessage {
  let value: CanonicalInput;
  try {
    value = parseStrictJson(line, { bytesMax: LINE_BYTES_MAX, depthMax: DEPTH_MAX });
  } catch (error) {
    return { kind: "unreadable", id: guessId(line), reason: errorText(error) };
  }
  if (Array.isArray(value)) return { kind: "batch", ids: value.flatMap((item: CanonicalInput) => idOf(item) ?? []) };
  if (!isObject(value)) return { kind: "unreadable", id: null, reason: "a message must be a JSON object" };
  const { method, params = {} } = value;
  if (typeof method !== "string") return { kind: "answer" };
  const id = idOf(value);
  const named = isObject(params) ? params : {};
  const era = claimOf(named) === undefined ? "legacy" : "modern";
  return id === undefined
    ? { kind: "notification", method, params: named, era }
    : { kind: "request", id, method, params: named, era };
}

/** The protocol version a modern message says it speaks. */
export function claimOf(params: JsonObject): CanonicalInput | undefined {
  const meta = params["_meta"];
  return isObject(meta) ? meta[VERSION_KEY] : undefined;
}

export function isObject(value: CanonicalInput | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function idOf(value: CanonicalInput): RpcId | undefined {
  if (!isObject(value) || value["method"] === undefined) return undefined;
  const { id } = value;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

/** For the error answer only: a lenient reader may still find whom to tell. */
function guessId(line: string): RpcId | null {
  try {
    const { id } = JSON.parse(line);
    return typeof id === "string" || typeof id === "number" ? id : null;
  } catch {
    return null;
  }
}

export function errorLine(id: RpcId | null, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

/**
 * Reads a JSON request body once, strictly: duplicate keys, numbers that lose digits, too deep or too large are
 * refused with a message that says where. An empty body reads as an empty object, as curl users expect.
 */
import { AegisError, errorText } from "@aegisflow/core/errors";
import { type CanonicalInput, EvidenceError, parseStrictJson } from "@aegisflow/evidence";
import type { InboundRequest } from "../runtime/runtime.ts";

/** Nested deeper than any request of ours needs. */
const REQUEST_DEPTH_MAX = 32;

/** @throws AegisError `too-large` or `invalid-input`. */
export async function readJson(request: InboundRequest, bytesMax: number): Promise<CanonicalInput> {
  const bytes = await request.readBody(bytesMax);
  if (bytes.byteLength === 0) return {};
  return parseJsonBody(bytes, bytesMax);
}

export function parseJsonBody(bytes: Uint8Array, bytesMax: number): CanonicalInput {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseStrictJson(text, { depthMax: REQUEST_DEPTH_MAX, bytesMax });
  } catch (error) {
    const what = error instanceof EvidenceError ? errorText(error) : "it is not UTF-8 text";
    throw new AegisError("invalid-input", `request body is not valid JSON: ${what}`, { cause: error });
  }
}

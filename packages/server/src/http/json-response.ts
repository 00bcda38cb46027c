/** Answers with a body: JSON that is never cached or sniffed. */
import type { OutboundResponse } from "../runtime/runtime.ts";

export function jsonResponse(status: number, body: unknown): OutboundResponse {
  return {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body: JSON.stringify(body),
  };
}

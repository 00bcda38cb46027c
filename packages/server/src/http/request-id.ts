/** The id a request is known by in logs and answers: the client's own when it is harmless, else a new one. */
import type { Ids } from "../governance/ports.ts";
import type { InboundRequest } from "../runtime/runtime.ts";

const HARMLESS_ID = /^[A-Za-z0-9._-]{1,64}$/;

export const REQUEST_ID_HEADER = "x-request-id";

export function requestIdOf(request: InboundRequest, ids: Ids): string {
  const given = request.headers.get(REQUEST_ID_HEADER);
  return given !== undefined && HARMLESS_ID.test(given) ? given : ids.next();
}

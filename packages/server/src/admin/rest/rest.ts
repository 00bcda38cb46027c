/**
 * The admin REST API: one row of the route table at a time through the same steps (match, authenticate, role,
 * scope, parse, handle, answer). No step knows what a route means; no route can skip one.
 */
import { ADMIN_ROUTES, type AdminRoute, type AdminRouteName } from "@aegisflow/core/admin-api/admin-api";
import { NEXT_CURSOR_HEADER } from "@aegisflow/core/admin-api/evidence-routes";
import type { Principal } from "@aegisflow/core/identity/principal";
import { unknownPathResponse, wrongMethodResponse } from "../../http/error-response.ts";
import { jsonResponse } from "../../http/json-response.ts";
import { createRouter } from "../../http/router.ts";
import { assertInstallation, assertRole } from "../../identity/identity.ts";
import type { InboundRequest, OutboundResponse, RequestHandler } from "../../runtime/runtime.ts";
import type { AdminOptions, AdminPorts } from "../admin-ports.ts";
import { approvalHandlers } from "./approvals.ts";
import { evidenceHandlers } from "./evidence.ts";
import { actionHandlers, policyHandlers } from "./governance.ts";
import { breakGlassHandlers, installationHandlers, toolPinHandlers } from "./installation.ts";
import { keyHandlers } from "./keys.ts";
import { parseBody, parseQuery } from "./parse-call.ts";
import type { RouteHandlers } from "./route-handler.ts";

/** Who calls an open route. */
const NOBODY: Principal = { id: "", name: "", role: "agent", tenant: "" };

/** A handler whose types were checked against its row when the table was written. */
type AnyHandler = (call: never) => Answer | Promise<Answer>;

interface Answer {
  readonly json?: unknown;
  readonly nextCursor?: string | undefined;
  readonly raw?: string | Uint8Array;
  readonly filename?: string;
}

export function createRest(ports: AdminPorts, options: AdminOptions): RequestHandler {
  const handlers: RouteHandlers = {
    ...installationHandlers(ports, options, options.sources.clock.nowMs()),
    ...breakGlassHandlers(ports, options),
    ...toolPinHandlers(ports),
    ...approvalHandlers(ports),
    ...evidenceHandlers(ports),
    ...actionHandlers(ports),
    ...policyHandlers(ports),
    ...keyHandlers(ports),
  };
  const byName: ReadonlyMap<AdminRouteName, AnyHandler> = new Map(
    ADMIN_ROUTES.map(({ name }): [AdminRouteName, AnyHandler] => [name, handlers[name]]),
  );
  const router = createRouter(ADMIN_ROUTES.map((route) => ({ method: route.method, path: route.path, value: route })));
  return async (request) => {
    const match = router.match(request.method, request.path);
    if (match.kind === "unknown-path") return unknownPathResponse(request.method, request.path);
    if (match.kind === "wrong-method") return wrongMethodResponse(request.method, match.allow);
    const route = match.value;
    const principal = authorize(ports, route, request);
    const query = parseQuery(route, request.query);
    const body = await parseBody(route, request, options.settings().bodyBytesMax);
    const handle = byName.get(route.name);
    if (handle === undefined) return unknownPathResponse(request.method, request.path);
    const call = { principal, params: match.params, query, body };
    return toResponse(route, await handle(call as never));
  };
}

/** @throws AegisError `unauthenticated` (401) or `forbidden` (403). */
function authorize(ports: AdminPorts, route: AdminRoute, request: InboundRequest): Principal {
  if (route.role === "open") return NOBODY;
  const principal = ports.identity.authenticator.authenticate(request.headers, request.remoteAddress);
  assertRole(principal, route.role);
  if (route.scope === "installation") assertInstallation(principal);
  return principal;
}

function toResponse(route: AdminRoute, { json, nextCursor, raw, filename }: Answer): OutboundResponse {
  const [status, described] = Object.entries(route.responses)[0] ?? ["200", undefined];
  if (raw === undefined) {
    const response = jsonResponse(Number(status), json);
    return nextCursor === undefined
      ? response
      : { ...response, headers: { ...response.headers, [NEXT_CURSOR_HEADER]: nextCursor } };
  }
  return {
    status: Number(status),
    headers: {
      "content-type": described?.contentType ?? "application/octet-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // A report is a document of ours around an agent's words: it may run and load nothing.
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
      ...(filename === undefined ? {} : { "content-disposition": `attachment; filename="${filename}"` }),
    },
    body: raw,
  };
}

/**
 * Face of the admin side: one request handler for the REST API and the approval pages. Each request gets an id,
 * must come from a place that may call (Host, Origin), and whatever goes wrong becomes one error body.
 */
import { isAegisError } from "@aegisflow/core/errors";
import { toErrorResponse } from "../http/error-response.ts";
import { createLocalRequestCheck, type LocalRequestCheck } from "../http/local-request.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "../http/request-id.ts";
import type { OutboundResponse, RequestHandler } from "../runtime/runtime.ts";
import type { AdminOptions, AdminPorts, AdminSettings } from "./admin-ports.ts";
import { createPages } from "./pages/pages.ts";
import { createRest } from "./rest/rest.ts";

export type * from "./admin-ports.ts";

export function createAdmin(ports: AdminPorts, options: AdminOptions): RequestHandler {
  const rest = createRest(ports, options);
  const pages = createPages(ports, options);
  const checkFor = createCheckCache();
  return async (request) => {
    const id = requestIdOf(request, options.sources.ids);
    try {
      checkFor(options.settings()).assertLocal(request.headers);
      return withId(await (pages(request) ?? rest(request)), id);
    } catch (error) {
      const isFault = !isAegisError(error) || error.code === "internal" || error.code === "corrupt";
      if (isFault)
        options.log.error("an admin request failed", { request: id, path: request.path, error: faultText(error) });
      return withId(toErrorResponse(error), id);
    }
  };
}

/** Settings change rarely; the check is made anew only then. */
function createCheckCache(): (settings: AdminSettings) => LocalRequestCheck {
  let known: { readonly settings: AdminSettings; readonly check: LocalRequestCheck } | undefined;
  return (settings) => {
    if (known?.settings !== settings) {
      const { bindHost, allowedHosts } = settings;
      known = { settings, check: createLocalRequestCheck({ bindHost, allowedHosts, allowedOrigins: [] }) };
    }
    return known.check;
  };
}

function withId(response: OutboundResponse, id: string): OutboundResponse {
  return { ...response, headers: { ...response.headers, [REQUEST_ID_HEADER]: id } };
}

function faultText(error: unknown): string {
  if (isAegisError(error)) return `${error.message}${error.detail === undefined ? "" : `: ${error.detail}`}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

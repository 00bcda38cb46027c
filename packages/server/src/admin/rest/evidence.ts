/** Handlers of the evidence routes. People of a tenant reach their tenant's sessions only. */
import { AegisError } from "@aegisflow/core/errors";
import { type Principal, visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { AdminPorts, SessionName } from "../admin-ports.ts";
import type { NamesOf, RouteHandlers } from "./route-handler.ts";

export function evidenceHandlers({ evidence }: Pick<AdminPorts, "evidence">): RouteHandlers<NamesOf<"evidence">> {
  return {
    async "evidence.sessions"({ principal, query: { tenant, limit, cursor } }) {
      const only = tenant === undefined ? visibleTenantOf(principal) : reachableTenant(principal, tenant);
      const { sessions, nextCursor } = await evidence.sessions({
        ...(only === undefined ? {} : { tenant: only }),
        ...(cursor === undefined ? {} : { cursor }),
        limit,
      });
      return { json: [...sessions], nextCursor };
    },
    async "evidence.export"({ principal, params, query }) {
      const session = sessionOf(principal, params, query.tenant);
      return { raw: await evidence.exportBundle(session), filename: `${fileNameOf(session.sid)}.aegis` };
    },
    "evidence.verify": async ({ principal, params, query }) => ({
      json: await evidence.verify(sessionOf(principal, params, query.tenant)),
    }),
    "evidence.report": async ({ principal, params, query }) => ({
      raw: await evidence.report(sessionOf(principal, params, query.tenant), "markdown"),
    }),
    "evidence.reportHtml": async ({ principal, params, query }) => ({
      raw: await evidence.report(sessionOf(principal, params, query.tenant), "html"),
    }),
    "evidence.redact": async ({ principal, params, body: { tenant, leaf, fields, basis } }) => ({
      json: await evidence.redact({ ...sessionOf(principal, params, tenant), leaf, fields, basis, by: principal.id }),
    }),
    "evidence.checkpoint": async () => ({ json: await evidence.checkpoint() }),
  };
}

function sessionOf(
  principal: Principal,
  { sid = "" }: Readonly<Record<string, string>>,
  tenant: string | undefined,
): SessionName {
  return { tenant: tenant === undefined ? principal.tenant : reachableTenant(principal, tenant), sid };
}

/** @throws AegisError `forbidden` for a tenant that is not this principal's. */
function reachableTenant(principal: Principal, tenant: string): string {
  const visible = visibleTenantOf(principal);
  if (visible === undefined || visible === tenant) return tenant;
  throw new AegisError(
    "forbidden",
    `insufficient permissions — evidence of tenant \`${tenant}\` belongs to its own people`,
  );
}

function fileNameOf(sid: string): string {
  return sid.replace(/[^\w.-]+/g, "_").slice(0, 100);
}

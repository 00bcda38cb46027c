/** Handlers for health, whoami, status, configuration, break-glass and tool pins. */
import type { BreakGlassGrant, ToolPin } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import { DEFAULT_TENANT, visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { BreakGlassRow } from "../../configuration/break-glass-store.ts";
import type { PinView } from "../../gates/mcp/tool-pins.ts";
import type { AdminOptions, AdminPorts } from "../admin-ports.ts";
import type { NamesOf, RouteHandlers } from "./route-handler.ts";
import { statusView } from "./status-view.ts";

const MINUTE_MS = 60_000;

export function installationHandlers(
  ports: AdminPorts,
  options: AdminOptions,
  startedAtMs: number,
): RouteHandlers<NamesOf<"health"> | NamesOf<"whoami"> | NamesOf<"status"> | NamesOf<"config">> {
  const { identity, configuration } = ports;
  return {
    "health.get": () => ({ json: { status: "ok" } }),
    "whoami.get": ({ principal: { id, name, role, tenant } }) => ({
      json: { id, name, role, tenant_id: tenant, tenant_name: identity.tenantName(tenant) ?? tenant },
    }),
    async "status.get"({ principal }) {
      const visible = visibleTenantOf(principal);
      const view = statusView(ports, options, startedAtMs, visible);
      const problems = visible === undefined ? await ports.mcp.problems() : [];
      return { json: { ...view, warnings: [...view.warnings, ...problems] } };
    },
    "config.get"() {
      const { version, configHash, appliedAtMs, file, lastError } = configuration.status();
      const config = configuration.redacted();
      return {
        json: {
          version,
          hash: configHash,
          applied_at: isoOf(appliedAtMs),
          config: isRecord(config) ? config : {},
          ...(file === undefined ? {} : { file }),
          ...(lastError === undefined ? {} : { last_error: lastError }),
        },
      };
    },
  };
}

export function breakGlassHandlers(ports: AdminPorts, options: AdminOptions): RouteHandlers<NamesOf<"breakGlass">> {
  const { breakGlass } = ports.configuration;
  const view = (row: BreakGlassRow): BreakGlassGrant => toGrant(row, options.sources.clock.nowMs());
  return {
    "breakGlass.list"({ query: { limit, cursor } }) {
      const before = cursor === undefined ? {} : { before: grantCursor(cursor) };
      const rows = breakGlass.list({ ...before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const next = rows.length > page.length && last !== undefined ? `${last.grantedAtMs}_${last.id}` : undefined;
      return { json: { grants: page.map(view), ...(next === undefined ? {} : { next_cursor: next }) } };
    },
    async "breakGlass.grant"({ principal, body: { tenant, reason, minutes } }) {
      if (ports.identity.tenantName(tenant) === undefined && tenant !== DEFAULT_TENANT) {
        throw new AegisError("invalid-input", `tenant \`${tenant}\` is not configured`);
      }
      return { json: view(await breakGlass.grant({ tenant, reason, durationMs: minutes * MINUTE_MS }, principal)) };
    },
    "breakGlass.revoke": async ({ principal, params: { id = "" } }) => ({
      json: view(await breakGlass.revoke(id, principal)),
    }),
  };
}

export function toolPinHandlers({ mcp }: Pick<AdminPorts, "mcp">): RouteHandlers<NamesOf<"toolPins">> {
  return {
    "toolPins.list"({ query: { waiting, limit, cursor } }) {
      const after = cursor === undefined ? {} : { after: pinCursor(cursor) };
      const rows = mcp.pins.list({ waiting: waiting === "true", ...after, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const more = rows.length > page.length && last !== undefined;
      return {
        json: {
          pins: page.map(toPin),
          ...(more ? { next_cursor: `${encodeURIComponent(last.upstream)}/${encodeURIComponent(last.tool)}` } : {}),
        },
      };
    },
    "toolPins.accept": async ({ principal, body: { upstream, tool, hash } }) => ({
      json: toPin(await mcp.pins.accept({ upstream, tool, hash, by: principal.id, tenant: principal.tenant })),
    }),
  };
}

function toGrant(row: BreakGlassRow, nowMs: number): BreakGlassGrant {
  return {
    id: row.id,
    tenant: row.tenant,
    granted_by: row.grantedBy,
    reason: row.reason,
    granted_at: isoOf(row.grantedAtMs),
    expires_at: isoOf(row.expiresAtMs),
    ...(row.revokedAtMs === undefined ? {} : { revoked_at: isoOf(row.revokedAtMs) }),
    ...(row.revokedBy === undefined ? {} : { revoked_by: row.revokedBy }),
    active: row.revokedAtMs === undefined && row.expiresAtMs > nowMs,
  };
}

function toPin(pin: PinView): ToolPin {
  return { ...pin, findings: [...pin.findings], changes: pin.changes.map((change) => ({ ...change })) };
}

function grantCursor(cursor: string): { readonly grantedAtMs: number; readonly id: string } {
  const [, ms, id] = /^(\d{1,16})_(.+)$/.exec(cursor) ?? [];
  if (ms === undefined || id === undefined) throw foreignCursor();
  return { grantedAtMs: Number(ms), id };
}

function pinCursor(cursor: string): { readonly upstream: string; readonly tool: string } {
  const [, upstream, tool] = /^([^/]+)\/([^/]+)$/.exec(cursor) ?? [];
  if (upstream === undefined || tool === undefined) throw foreignCursor();
  try {
    return { upstream: decodeURIComponent(upstream), tool: decodeURIComponent(tool) };
  } catch {
    throw foreignCursor();
  }
}

function foreignCursor(): AegisError {
  return new AegisError("invalid-input", "cursor is not one of ours; start again without it");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

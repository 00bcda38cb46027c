/** The admin API: every route there is. A route that is not in this table cannot be served. */
import { APPROVAL_ROUTES } from "./approval-routes.ts";
import { EVIDENCE_ROUTES } from "./evidence-routes.ts";
import { GOVERNANCE_ROUTES } from "./governance-routes.ts";
import { INSTALLATION_ROUTES } from "./installation-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import type { AdminRoute } from "./route.ts";

export const ADMIN_ROUTES = [
  ...INSTALLATION_ROUTES,
  ...APPROVAL_ROUTES,
  ...EVIDENCE_ROUTES,
  ...GOVERNANCE_ROUTES,
  ...KEY_ROUTES,
] as const satisfies readonly AdminRoute[];

export type AdminRouteName = (typeof ADMIN_ROUTES)[number]["name"];

const BY_NAME: ReadonlyMap<string, AdminRoute> = new Map(ADMIN_ROUTES.map((route) => [route.name, route]));

export function adminRoute(name: AdminRouteName): AdminRoute {
  const route = BY_NAME.get(name);
  if (route === undefined) throw new Error(`no admin route ${name}`);
  return route;
}

export type * from "./approval-routes.ts";
export type * from "./evidence-routes.ts";
export type * from "./governance-routes.ts";
export type * from "./installation-routes.ts";
export type * from "./key-routes.ts";
export type { AdminRoute, RouteResponse } from "./route.ts";
export type * from "./shared-schemas.ts";

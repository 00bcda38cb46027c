/**
 * Who calls: one authenticated API key. Roles are ordered; an agent may use the gates and see its own approvals,
 * nothing else. The default tenant is the installation itself: its people see every tenant.
 */

/** From weakest to strongest. */
export const ROLES = ["agent", "viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const DEFAULT_TENANT = "default";

export interface Principal {
  /** Id of the API key; never a self-reported name. */
  readonly id: string;
  /** What its owner calls the key. */
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
}

/** True when `role` is at least `minimum`. */
export function hasRole(role: Role, minimum: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(minimum);
}

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/** The only tenant this principal may see, or undefined when it may see all. */
export function visibleTenantOf(principal: Principal): string | undefined {
  return principal.tenant === DEFAULT_TENANT && principal.role !== "agent" ? undefined : principal.tenant;
}

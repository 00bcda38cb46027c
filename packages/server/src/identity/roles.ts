/** The one check of a role. Messages are those that clients of the reference product know. */
import { AegisError } from "@aegisflow/core/errors";
import { DEFAULT_TENANT, hasRole, type Principal, type Role } from "@aegisflow/core/identity/principal";

/** @throws AegisError `forbidden`. */
export function assertRole(principal: Principal, minimum: Role): void {
  if (!hasRole(principal.role, minimum)) {
    throw new AegisError("forbidden", `insufficient permissions — requires ${minimum} role`);
  }
}

/** What belongs to everybody is handled by the installation's own people. @throws AegisError `forbidden`. */
export function assertInstallation(principal: Principal): void {
  if (principal.tenant !== DEFAULT_TENANT) {
    throw new AegisError("forbidden", `insufficient permissions — requires a key of tenant \`${DEFAULT_TENANT}\``);
  }
}

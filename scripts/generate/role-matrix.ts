/** docs/reference/role-matrix.md: which role may call which route of the admin API. */
import { ADMIN_ROUTES } from "@aegisflow/core/admin-api/admin-api";
import type { AdminRoute } from "@aegisflow/core/admin-api/route";
import { hasRole, ROLES } from "@aegisflow/core/identity/principal";

export function roleMatrix(): string {
  const routes: readonly AdminRoute[] = ADMIN_ROUTES;
  return `# Who may call what

<!-- Made by \`npm run generate\` from the route table in packages/core/src/admin-api; edit the table, not this page. -->

Without a key: 401. With a key whose role is too weak, or that belongs to another tenant: 403. Routes with scope
\`installation\` are for keys of the tenant \`default\`; the others show a tenant its own part. An agent sees only its own
approvals.

| route | no key | ${ROLES.join(" | ")} | scope | what it does |
|---|---|${ROLES.map(() => "---|").join("")}---|---|
${routes.map(row).join("\n")}
`;
}

function row({ method, path, role, scope, summary }: AdminRoute): string {
  const open = role === "open";
  const cells = [open, ...ROLES.map((candidate) => open || hasRole(candidate, role))].map((may) => (may ? "yes" : "-"));
  return `| \`${method} ${path}\` | ${cells.join(" | ")} | ${scope} | ${summary.replaceAll("|", "\\|")} |`;
}

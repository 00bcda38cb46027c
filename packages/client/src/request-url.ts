/** The address of one call: path parameters encoded, query parameters that are set. */

import type { AdminRoute } from "@aegisflow/core/admin-api/route";
import { AegisError } from "@aegisflow/core/errors";

export interface RequestParts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: unknown;
  readonly cursor?: string;
}

/** @throws AegisError `invalid-input` when a path parameter is missing or empty. */
export function requestUrl(base: string, route: AdminRoute, { params, query, cursor }: RequestParts): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = params?.[name];
    if (value === undefined || value === "") throw new AegisError("invalid-input", `${route.name} needs \`${name}\``);
    // A segment of dots only would be resolved away by every URL parser.
    if (value === "." || value === "..")
      throw new AegisError("invalid-input", `\`${value}\` cannot be the \`${name}\` of a call`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  if (typeof query === "object" && query !== null) {
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  }
  if (cursor !== undefined) search.set("cursor", cursor);
  return search.size === 0 ? `${base}${path}` : `${base}${path}?${search}`;
}

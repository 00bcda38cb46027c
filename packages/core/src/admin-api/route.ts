/**
 * What a route of the admin API is, as data. The server, the client, the OpenAPI document and the role matrix are
 * all made from the same table, so none of them can know a route the others do not.
 */
import type { z } from "zod";
import type { Role } from "../identity/principal.ts";

export interface RouteResponse {
  readonly description: string;
  /** Media type; `application/json` unless said. */
  readonly contentType?: string;
  /** Of a JSON body; absent for other media types. */
  readonly schema?: z.ZodType;
}

export interface AdminRoute {
  /** Noun and verb, unique: `approvals.approve`. Also the operation id in OpenAPI. */
  readonly name: string;
  readonly method: "GET" | "POST";
  /** With `{name}` segments. */
  readonly path: string;
  /** The weakest role that may call it; `open` needs no key. */
  readonly role: Role | "open";
  /**
   * `tenant`: people of a tenant see their tenant's part of it. `installation`: only the default tenant's people,
   * because the thing belongs to everybody (policy, configuration, upstreams).
   */
  readonly scope: "tenant" | "installation";
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status; refusals (400, 401, 403, 404, 409, 413, 429, 500, 503) have the one error body and are not listed. */
  readonly responses: Readonly<Record<number, RouteResponse>>;
}

/** The names in a route's path, in order. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

/** docs/reference/admin-openapi.json: the admin API as OpenAPI 3.1, from the route table. */
import { ADMIN_ROUTES } from "@aegisflow/core/admin-api/admin-api";
import { type AdminRoute, pathParameters, type RouteResponse } from "@aegisflow/core/admin-api/route";
import { errorBodySchema } from "@aegisflow/core/admin-api/shared-schemas";
import { PRODUCT_VERSION } from "@aegisflow/core/version";
import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;

export function openApi(): string {
  const paths: Record<string, Record<string, Json>> = {};
  const routes: readonly AdminRoute[] = ADMIN_ROUTES;
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "AegisFlow admin API",
      version: PRODUCT_VERSION,
      description: "Made by `npm run generate` from the route table in packages/core/src/admin-api.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:8081" }],
    security: [{ apiKey: [] }, { bearer: [] }],
    paths,
    components: {
      schemas: { Error: jsonSchema(errorBodySchema, "output") },
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function operation(route: AdminRoute): Json {
  const parameters = [...pathParameters(route.path).map(pathParameter), ...queryParameters(route.query)];
  const role = route.role === "open" ? "No key needed." : `Needs role ${route.role}.`;
  const scope = route.scope === "installation" ? " Only for keys of the installation's own tenant." : "";
  return {
    operationId: route.name,
    summary: route.summary,
    description: `${role}${scope}`,
    ...(route.role === "open" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { content: { "application/json": { schema: jsonSchema(route.body, "input") } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, response]) => [status, responseOf(response)]),
      ),
      default: {
        description: "Refused; `error.code` repeats the status.",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function responseOf({ description, contentType = "application/json", schema }: RouteResponse): Json {
  const content = schema === undefined ? { schema: { type: "string" } } : { schema: jsonSchema(schema, "output") };
  return { description, content: { [contentType]: content } };
}

function pathParameter(name: string): Json {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

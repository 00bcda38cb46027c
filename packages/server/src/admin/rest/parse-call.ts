/** Query and body of a call, parsed with the schemas of its row; what does not fit is refused by name. */
import type { AdminRoute } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import type { z } from "zod";
import { readJson } from "../../http/read-json.ts";
import type { InboundRequest } from "../../runtime/runtime.ts";

/** Problems named in one refusal. */
const ISSUES_SHOWN_MAX = 3;

/** @throws AegisError `invalid-input`. */
export function parseQuery(route: AdminRoute, text: string): unknown {
  const search = new URLSearchParams(text);
  const query: Record<string, string> = {};
  for (const [name, value] of search) {
    if (Object.hasOwn(query, name)) {
      throw new AegisError("invalid-input", `query parameter \`${name}\` appears more than once`);
    }
    query[name] = value;
  }
  if (route.query === undefined) return undefined;
  return parseWith(route.query, query, "query parameter");
}

/** @throws AegisError `invalid-input` or `too-large`. */
export async function parseBody(route: AdminRoute, request: InboundRequest, bytesMax: number): Promise<unknown> {
  if (route.body === undefined) return undefined;
  return parseWith(route.body, await readJson(request, bytesMax), "field");
}

function parseWith(schema: z.ZodType, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, ISSUES_SHOWN_MAX).map(({ path, message }) => {
    const where = path.length === 0 ? "" : `${what} \`${path.join(".")}\`: `;
    return `${where}${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  });
  throw new AegisError("invalid-input", issues.join("; "));
}

/** Handlers of the API key routes. */
import type { AdminPorts } from "../admin-ports.ts";
import type { NamesOf, RouteHandlers } from "./route-handler.ts";

export function keyHandlers({ identity: { keys } }: Pick<AdminPorts, "identity">): RouteHandlers<NamesOf<"keys">> {
  return {
    "keys.list"({ principal, query }) {
      const { keys: listed, nextCursor } = keys.list(principal, query);
      return { json: { keys: [...listed], ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) } };
    },
    "keys.create": async ({ principal, body }) => ({ json: await keys.create(principal, body) }),
    "keys.rotate": async ({ principal, params: { id = "" }, body: { overlap_minutes } }) => ({
      json: await keys.rotate(principal, id, overlap_minutes),
    }),
    "keys.revoke": async ({ principal, params: { id = "" } }) => ({ json: await keys.revoke(principal, id) }),
  };
}

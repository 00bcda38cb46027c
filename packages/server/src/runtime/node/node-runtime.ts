/** The Node 24 adapter of the runtime port. */
import type { Runtime } from "../runtime.ts";
import { nodeFetch } from "./fetch.ts";
import { nodeListen } from "./listen.ts";
import { openNodeSqlite } from "./sqlite.ts";

export const nodeRuntime: Runtime = { name: "node", listen: nodeListen, fetch: nodeFetch, openSqlite: openNodeSqlite };

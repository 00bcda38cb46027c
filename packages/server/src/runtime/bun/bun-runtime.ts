/** The Bun adapter of the runtime port. */
import type { Runtime } from "../runtime.ts";
import { bunFetch } from "./fetch.ts";
import { bunListen } from "./listen.ts";
import { openBunSqlite } from "./sqlite.ts";

export const bunRuntime: Runtime = { name: "bun", listen: bunListen, fetch: bunFetch, openSqlite: openBunSqlite };

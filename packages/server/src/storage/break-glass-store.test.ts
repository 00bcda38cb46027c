import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { breakGlassStoreContract } from "./break-glass-store.contract.ts";
import { createEmbeddedBreakGlassStore } from "./embedded/break-glass-store.ts";
import { openDatabase } from "./embedded/database.ts";
import { createMemoryBreakGlassStore } from "./memory/break-glass-store.ts";

breakGlassStoreContract("memory", createMemoryBreakGlassStore);
breakGlassStoreContract("embedded", () => createEmbeddedBreakGlassStore(openDatabase(bunRuntime, ":memory:")));

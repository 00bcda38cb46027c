import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { configVersionStoreContract } from "./config-version-store.contract.ts";
import { createEmbeddedConfigVersionStore } from "./embedded/config-version-store.ts";
import { openDatabase } from "./embedded/database.ts";
import { createMemoryConfigVersionStore } from "./memory/config-version-store.ts";

configVersionStoreContract("memory", createMemoryConfigVersionStore);
configVersionStoreContract("embedded", () => createEmbeddedConfigVersionStore(openDatabase(bunRuntime, ":memory:")));

import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { apiKeyStoreContract } from "./api-key-store.contract.ts";
import { createEmbeddedApiKeyStore } from "./embedded/api-key-store.ts";
import { openDatabase } from "./embedded/database.ts";
import { createMemoryApiKeyStore } from "./memory/api-key-store.ts";

apiKeyStoreContract("memory", createMemoryApiKeyStore);
apiKeyStoreContract("embedded", () => createEmbeddedApiKeyStore(openDatabase(bunRuntime, ":memory:")));

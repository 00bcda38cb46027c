import { describe } from "bun:test";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { openDatabase } from "./embedded/database.ts";
import { createEmbeddedToolPinStore } from "./embedded/tool-pin-store.ts";
import { createMemoryToolPinStore } from "./memory/tool-pin-store.ts";
import { toolPinStoreContract } from "./tool-pin-store.contract.ts";

describe("memory", () => toolPinStoreContract(createMemoryToolPinStore));
describe("embedded", () =>
  toolPinStoreContract(() => createEmbeddedToolPinStore(openDatabase(bunRuntime, ":memory:"))));

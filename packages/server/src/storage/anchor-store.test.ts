import { expect, test } from "bun:test";
import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { createEmbeddedAnchorStore } from "./embedded/anchor-store.ts";
import { openDatabase } from "./embedded/database.ts";
import { createMemoryAnchorStore } from "./memory/anchor-store.ts";

const root = "a".repeat(64);
const stores = {
  memory: createMemoryAnchorStore,
  embedded: () => createEmbeddedAnchorStore(openDatabase(bunRuntime, ":memory:")),
};

for (const [name, create] of Object.entries(stores)) {
  test(`anchor store: ${name} > only grows, one anchor for each origin`, () => {
    const store = create();
    expect(store.last("a")).toBeUndefined();
    store.save({ origin: "a", size: 5, root });
    store.save({ origin: "a", size: 4, root: "b".repeat(64) });
    store.save({ origin: "b", size: 1, root });
    expect(store.last("a")).toEqual({ origin: "a", size: 5, root });
    store.save({ origin: "a", size: 9, root });
    expect(store.last("a")?.size).toBe(9);
    expect(store.last("b")?.size).toBe(1);
  });
}

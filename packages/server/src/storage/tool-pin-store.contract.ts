/** What every store of tool pins does; run over each adapter. */
import { expect, test } from "bun:test";
import type { ToolPinRow, ToolPinStore } from "../gates/mcp/tool-pin-store.ts";

export function toolPinStoreContract(open: () => ToolPinStore): void {
  const row = (upstream: string, tool: string, more: Partial<ToolPinRow> = {}): ToolPinRow => ({
    upstream,
    tool,
    acceptedHash: "a".repeat(64),
    acceptedJson: "{}",
    seenHash: "b".repeat(64),
    seenJson: '{"name":"x"}',
    findingsJson: "[]",
    firstSeenAtMs: 1_700_000_000_000,
    changedAtMs: 1_700_000_000_001,
    ...more,
  });

  test("gives back what was put, with and without an acceptance", () => {
    const store = open();
    const accepted = row("up", "b", { acceptedAtMs: 5, acceptedBy: "boss" });
    store.put(row("up", "a"));
    store.put(accepted);
    expect(store.get("up", "a")).toEqual(row("up", "a"));
    expect(store.get("up", "b")).toEqual(accepted);
    expect(store.get("up", "c")).toBeUndefined();
    expect(store.get("other", "a")).toBeUndefined();
  });

  test("a second put of a tool replaces the first", () => {
    const store = open();
    store.put(row("up", "a", { acceptedAtMs: 5, acceptedBy: "boss" }));
    store.put(row("up", "a"));
    expect(store.get("up", "a")).toEqual(row("up", "a"));
    expect(store.count()).toBe(1);
  });

  test("lists by upstream and tool, page by page", () => {
    const store = open();
    const names = [
      ["b", "x"],
      ["a", "z"],
      ["a", "y"],
      ["a-b", "w"],
      ["b", "a"],
    ] as const;
    for (const [upstream, tool] of names) store.put(row(upstream, tool));
    const first = store.list({ limit: 3 });
    expect(first.map(({ upstream, tool }) => `${upstream}/${tool}`)).toEqual(["a/y", "a/z", "a-b/w"]);
    const rest = store.list({ after: { upstream: "a-b", tool: "w" }, limit: 3 });
    expect(rest.map(({ upstream, tool }) => `${upstream}/${tool}`)).toEqual(["b/a", "b/x"]);
    expect(store.count()).toBe(5);
  });
}

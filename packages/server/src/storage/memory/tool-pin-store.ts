/** Tool pins in memory, for tests and for gateways that need not remember across restarts. */
import type { ToolPinRow, ToolPinStore } from "../../gates/mcp/tool-pin-store.ts";

export function createMemoryToolPinStore(): ToolPinStore {
  const rows = new Map<string, ToolPinRow>();
  return {
    get: (upstream, tool) => rows.get(keyOf(upstream, tool)),
    put(row) {
      rows.set(keyOf(row.upstream, row.tool), { ...row });
    },
    list({ after, limit }) {
      const afterKey = after === undefined ? "" : keyOf(after.upstream, after.tool);
      const keys = [...rows.keys()].filter((key) => key > afterKey).sort();
      return keys.slice(0, limit).flatMap((key) => rows.get(key) ?? []);
    },
    count: () => rows.size,
  };
}

/** NUL sorts before every character of a name, so keys order like (upstream, tool). */
function keyOf(upstream: string, tool: string): string {
  return `${upstream}\0${tool}`;
}

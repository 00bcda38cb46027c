/** The evidence log's anchor in memory: for tests. */
import type { Anchor, AnchorStore } from "../../evidence-log/anchor-store.ts";

export function createMemoryAnchorStore(): AnchorStore {
  const anchors = new Map<string, Anchor>();
  return {
    last: (origin) => anchors.get(origin),
    save(anchor) {
      if (anchor.size > (anchors.get(anchor.origin)?.size ?? 0)) anchors.set(anchor.origin, anchor);
    },
  };
}

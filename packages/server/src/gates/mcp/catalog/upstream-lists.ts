/**
 * The lists of all upstreams, each remembered on its own and dropped when its upstream says that it changed.
 * Also the one place that listens to what upstreams say unasked, and passes it on.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import type { UpstreamProvider } from "../gate-upstream.ts";
import type { Upstream } from "../upstream.ts";
import { createUpstreamList, LISTS, type ListKind, type UpstreamList } from "./upstream-list.ts";

export type UpstreamListener = (upstream: Upstream, method: string, params: JsonObject) => void;

export interface UpstreamLists {
  entries(upstream: Upstream, kind: ListKind): Promise<readonly JsonObject[]>;
  invalidate(upstream: Upstream, kind: ListKind): void;
  /** What kept lists from being complete, one sentence each. */
  problems(): readonly string[];
  close(): void;
}

const KINDS: readonly ListKind[] = ["tools", "prompts", "resources", "templates"];

interface Watched {
  readonly lists: Readonly<Record<ListKind, UpstreamList>>;
  readonly unsubscribe: () => void;
}

export function createUpstreamLists(
  upstreams: UpstreamProvider,
  clock: Pick<Clock, "monotonicMs">,
  onNotification: UpstreamListener,
): UpstreamLists {
  const watched = new Map<Upstream, Watched>();

  const watch = (upstream: Upstream): Watched => {
    const list = (kind: ListKind): UpstreamList => createUpstreamList(upstream, kind, clock);
    const lists = {
      tools: list("tools"),
      prompts: list("prompts"),
      resources: list("resources"),
      templates: list("templates"),
    };
    const unsubscribe = upstream.subscribe((method, params) => {
      for (const kind of KINDS) if (LISTS[kind].changed === method) lists[kind].invalidate();
      onNotification(upstream, method, params);
    });
    return { lists, unsubscribe };
  };

  /** Upstreams come and go with reloads of the configuration. */
  const follow = (): void => {
    const present = new Set(upstreams().map(({ upstream }) => upstream));
    for (const upstream of present) if (!watched.has(upstream)) watched.set(upstream, watch(upstream));
    for (const [upstream, { unsubscribe }] of watched) {
      if (present.has(upstream)) continue;
      unsubscribe();
      watched.delete(upstream);
    }
  };

  const listOf = (upstream: Upstream, kind: ListKind): UpstreamList | undefined => {
    follow();
    return watched.get(upstream)?.lists[kind];
  };

  return {
    entries: async (upstream, kind) => (await listOf(upstream, kind)?.entries()) ?? [],
    invalidate: (upstream, kind) => listOf(upstream, kind)?.invalidate(),
    problems: () => [...watched.values()].flatMap(({ lists }) => KINDS.flatMap((kind) => lists[kind].problem() ?? [])),
    close() {
      for (const { unsubscribe } of watched.values()) unsubscribe();
      watched.clear();
    },
  };
}

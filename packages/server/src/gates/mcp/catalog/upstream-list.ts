/**
 * One kind of list (tools, prompts, resources, templates) of one upstream, all its pages, remembered for a while.
 * A list that cannot be had now is answered with the last one: a call then fails with a clear error, instead of
 * the tool vanishing from the agent's view.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import { type Upstream, UpstreamRpcError } from "../upstream.ts";
import { isJsonObject } from "../wire/json-rpc.ts";
import { METHOD_NOT_FOUND } from "../wire/rpc-error.ts";

/** A server that changes its tools says so; this is for those that do not. */
export const LIST_FRESH_MS = 30_000;
/** A failing upstream is not asked again before this. */
const RETRY_AFTER_MS = 5_000;
/** A list that takes longer is left out of this answer. */
export const LIST_TIMEOUT_MS = 10_000;
const PAGES_MAX = 100;
/** Entries of one list of one upstream; what is beyond is not served, and reported. */
export const ENTRIES_MAX = 5_000;

export const LISTS = {
  tools: { method: "tools/list", key: "tools", capability: "tools", changed: "notifications/tools/list_changed" },
  prompts: {
    method: "prompts/list",
    key: "prompts",
    capability: "prompts",
    changed: "notifications/prompts/list_changed",
  },
  resources: {
    method: "resources/list",
    key: "resources",
    capability: "resources",
    changed: "notifications/resources/list_changed",
  },
  templates: {
    method: "resources/templates/list",
    key: "resourceTemplates",
    capability: "resources",
    changed: "notifications/resources/list_changed",
  },
} as const;
export type ListKind = keyof typeof LISTS;

export interface UpstreamList {
  /** Never throws: an upstream that fails has its last list, or none. */
  entries(): Promise<readonly JsonObject[]>;
  /** The next `entries()` asks the upstream. */
  invalidate(): void;
  /** What kept the last load from being complete; undefined when it was. */
  problem(): string | undefined;
}

export function createUpstreamList(
  upstream: Upstream,
  kind: ListKind,
  clock: Pick<Clock, "monotonicMs">,
): UpstreamList {
  let known: readonly JsonObject[] = [];
  let problem: string | undefined;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let generation = 0;
  let loading: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    const startedIn = generation;
    try {
      const loaded = await loadAll(upstream, kind);
      known = loaded.entries;
      problem = loaded.problem;
      // A change that was announced while we were reading makes what we read old already.
      freshUntilMs = startedIn === generation ? clock.monotonicMs() + LIST_FRESH_MS : Number.NEGATIVE_INFINITY;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      freshUntilMs = clock.monotonicMs() + RETRY_AFTER_MS;
    }
  };

  return {
    async entries() {
      if (clock.monotonicMs() >= freshUntilMs) {
        loading ??= load().finally(() => {
          loading = undefined;
        });
        await loading;
      }
      return known;
    },
    invalidate() {
      generation += 1;
      freshUntilMs = Number.NEGATIVE_INFINITY;
    },
    problem: () => problem,
  };
}

interface Loaded {
  readonly entries: readonly JsonObject[];
  readonly problem: string | undefined;
}

async function loadAll(upstream: Upstream, kind: ListKind): Promise<Loaded> {
  const { capability } = LISTS[kind];
  if (upstream.state() === "ready" && upstream.capabilities()[capability] === undefined)
    return { entries: [], problem: undefined };
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const entries: JsonObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const result = await askPage(upstream, kind, cursor, signal);
    if (result === undefined) return { entries, problem: undefined };
    const items = result[LISTS[kind].key];
    if (!Array.isArray(items))
      throw new Error(`upstream \`${upstream.name}\` answered ${LISTS[kind].method} without a list`);
    entries.push(...items.filter(isJsonObject));
    if (entries.length > ENTRIES_MAX) break;
    const next = result["nextCursor"];
    if (typeof next !== "string" || next === cursor) return { entries, problem: undefined };
    cursor = next;
  }
  const tooLong = `upstream \`${upstream.name}\` lists more than ${ENTRIES_MAX} ${kind}; the rest is not served`;
  return { entries: entries.slice(0, ENTRIES_MAX), problem: tooLong };
}

async function askPage(
  upstream: Upstream,
  kind: ListKind,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  try {
    return await upstream.request({
      method: LISTS[kind].method,
      params: cursor === undefined ? {} : { cursor },
      signal,
      timeoutMs: LIST_TIMEOUT_MS,
      clientCapabilities: {},
      onNotification: () => undefined,
      onServerRequest: () => Promise.reject(new UpstreamRpcError(METHOD_NOT_FOUND, "not while a list is read")),
    });
  } catch (error) {
    if (error instanceof UpstreamRpcError && error.code === METHOD_NOT_FOUND) return undefined;
    throw error;
  }
}

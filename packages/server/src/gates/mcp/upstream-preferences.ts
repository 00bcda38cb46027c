/**
 * What many clients want of one shared upstream, put together: the mildest log level anybody asked for, and the
 * resources somebody watches. The upstream is told when that changes, not for each client.
 */
import type { JsonObject } from "@aegisflow/core";
import type { GateUpstream, UpstreamProvider } from "./gate-upstream.ts";
import { type LogLevel, mildest } from "./log-levels.ts";
import { UpstreamRpcError } from "./upstream.ts";
import { METHOD_NOT_FOUND } from "./wire/rpc-error.ts";

const TOLD_MS_MAX = 10_000;

export interface UpstreamPreferences {
  /** Never fails: an upstream that cannot be told just keeps saying what it says. */
  wantLogs(level: LogLevel): Promise<void>;
  /** @throws what the upstream answers when it refuses. */
  watch(gate: GateUpstream, uri: string): Promise<void>;
  /** The caller of `watch` lost interest. Never fails, does not wait. */
  unwatch(upstreamName: string, uri: string): void;
  close(): void;
}

export function createUpstreamPreferences(upstreams: UpstreamProvider): UpstreamPreferences {
  const closing = new AbortController();
  const levels = new Map<string, LogLevel>();
  const watchers = new Map<string, number>();

  const tell = async (gate: GateUpstream, method: string, params: JsonObject): Promise<void> => {
    await gate.upstream.request({
      method,
      params,
      signal: closing.signal,
      timeoutMs: Math.min(gate.timeoutMs, TOLD_MS_MAX),
      clientCapabilities: {},
      onNotification: () => undefined,
      onServerRequest: () => Promise.reject(new UpstreamRpcError(METHOD_NOT_FOUND, "not now")),
    });
  };

  const wantLogsOf = async (gate: GateUpstream, level: LogLevel): Promise<void> => {
    const before = levels.get(gate.upstream.name);
    const wanted = before === undefined ? level : (mildest([before, level]) ?? level);
    if (wanted === before) return;
    levels.set(gate.upstream.name, wanted);
    await tell(gate, "logging/setLevel", { level: wanted });
  };

  return {
    async wantLogs(level) {
      const able = upstreams().filter(
        ({ upstream }) => upstream.era() === "legacy" && upstream.capabilities()["logging"] !== undefined,
      );
      await Promise.allSettled(able.map((gate) => wantLogsOf(gate, level)));
    },
    async watch(gate, uri) {
      const key = keyOf(gate.upstream.name, uri);
      const count = watchers.get(key) ?? 0;
      watchers.set(key, count + 1);
      if (count > 0) return;
      try {
        await tell(gate, "resources/subscribe", { uri });
      } catch (error) {
        watchers.delete(key);
        throw error;
      }
    },
    unwatch(upstreamName, uri) {
      const key = keyOf(upstreamName, uri);
      const count = watchers.get(key) ?? 0;
      if (count > 1) return void watchers.set(key, count - 1);
      if (!watchers.delete(key)) return;
      const gate = upstreams().find(({ upstream }) => upstream.name === upstreamName);
      if (gate !== undefined) void tell(gate, "resources/unsubscribe", { uri }).catch(() => undefined);
    },
    close: () => closing.abort(),
  };
}

function keyOf(upstreamName: string, uri: string): string {
  return `${upstreamName} ${uri}`;
}

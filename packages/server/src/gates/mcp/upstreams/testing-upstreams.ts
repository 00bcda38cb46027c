/** What the tests of the upstreams share: ports of the real kind, and a client to ask with. */
import { AegisError, type JsonObject } from "@aegisflow/core";
import type { UpstreamConfig } from "@aegisflow/core/config/upstream-schema";
import type { Clock } from "../../../governance/ports.ts";
import { loadRuntime } from "../../../runtime/runtime.ts";
import { createSystemClock, systemRandom } from "../../../runtime/sources.ts";
import type { Upstream, UpstreamRequest } from "../upstream.ts";
import { memorySignInStore } from "./oauth-store.ts";
import { openUpstreams, type Upstreams, type UpstreamsOptions } from "./upstreams.ts";

export const CALL_MS = 10_000;

export interface TestBench extends AsyncDisposable {
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;
  readonly logs: readonly string[];
}

export async function openBench(
  config: Partial<UpstreamConfig>,
  options: Partial<UpstreamsOptions> = {},
): Promise<TestBench> {
  const logs: string[] = [];
  const upstreams = openUpstreams([configOf(config)], {
    runtime: await loadRuntime(),
    clock: createSystemClock(),
    random: systemRandom,
    onLog: ({ level, message }) => void logs.push(`${level}: ${message}`),
    authorize: () => Promise.reject(new Error("nobody is there")),
    signIns: memorySignInStore(),
    ...options,
  });
  const [upstream] = upstreams.list();
  if (upstream === undefined) throw new Error("no upstream");
  return { upstreams, upstream, logs, [Symbol.asyncDispose]: () => upstreams.close() };
}

export function configOf(config: Partial<UpstreamConfig>): UpstreamConfig {
  return {
    name: "peer",
    args: [],
    env: {},
    headers: {},
    transport: "auto",
    protocol: "auto",
    tools: ["*"],
    prefix: "",
    ...config,
  };
}

/** Everything a client can be asked; answers come from `onServerRequest`. */
export function ask(
  upstream: Upstream,
  method: string,
  params: JsonObject = {},
  more: Partial<UpstreamRequest> = {},
): Promise<JsonObject> {
  return upstream.request({
    method,
    params,
    signal: new AbortController().signal,
    timeoutMs: CALL_MS,
    clientCapabilities: { sampling: {}, elicitation: { form: {} }, roots: {} },
    onNotification: () => undefined,
    onServerRequest: () => Promise.reject(new Error("nobody to ask")),
    ...more,
  });
}

export function callTool(
  upstream: Upstream,
  name: string,
  args: JsonObject = {},
  more: Partial<UpstreamRequest> = {},
): Promise<JsonObject> {
  return ask(upstream, "tools/call", { name }, { argumentsJson: JSON.stringify(args), ...more });
}

/** The first text of a tool's result. */
export function textOf(result: JsonObject): string {
  const content: unknown = result["content"];
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  return typeof first === "object" && first !== null && "text" in first ? String(first.text) : "";
}

export async function until(condition: () => boolean, limitMs = 5000): Promise<void> {
  for (const endMs = Date.now() + limitMs; !condition(); ) {
    if (Date.now() > endMs) throw new Error("the condition did not come true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  nowIso(): string {
    return new Date(this.#nowMs).toISOString();
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#nowMs + delayMs, wake: resolve };
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new AegisError("cancelled", "the wait was cancelled"));
      };
      if (signal.aborted) return stop();
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Wakes who is due, one moment after the other, and lets them act. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      await settle();
      const next = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#nowMs = next.atMs;
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets everything that is due without time passing happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

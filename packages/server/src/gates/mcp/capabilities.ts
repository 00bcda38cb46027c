/** What the gateway can do for a client: what its upstreams can, taken together. */
import type { JsonObject } from "@aegisflow/core";
import type { Clock } from "../../governance/ports.ts";
import { inspectText } from "./catalog/inspect-tool.ts";
import type { UpstreamProvider } from "./gate-upstream.ts";
import { isJsonObject } from "./wire/json-rpc.ts";

/** How long the first client waits for upstreams that are still starting before it is told what there is. */
const STARTING_MS_MAX = 5_000;
const POLL_MS = 25;

/** Waits, within bounds, until no upstream is starting, so that the first answer is the whole one. */
export async function waitForUpstreams(upstreams: UpstreamProvider, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonicMs() + STARTING_MS_MAX;
  while (clock.monotonicMs() < untilMs && upstreams().some(({ upstream }) => upstream.state() === "starting")) {
    await clock.sleep(POLL_MS, signal);
  }
}

/** `tools` always, the rest when an upstream has it or is not known well enough yet to deny it. */
export function gatewayCapabilities(upstreams: UpstreamProvider): JsonObject {
  const has = (name: string): boolean =>
    upstreams().some(({ upstream }) => upstream.era() === undefined || upstream.capabilities()[name] !== undefined);
  const subscribes = upstreams().some(({ upstream }) => {
    const resources = upstream.capabilities()["resources"];
    return isJsonObject(resources) && resources["subscribe"] === true;
  });
  return {
    tools: { listChanged: true },
    ...(has("prompts") ? { prompts: { listChanged: true } } : {}),
    ...(has("resources") ? { resources: { listChanged: true, ...(subscribes ? { subscribe: true } : {}) } } : {}),
    ...(has("completions") ? { completions: {} } : {}),
    ...(has("logging") ? { logging: {} } : {}),
  };
}

/** What the upstreams want clients to know, each under its name; without those that read like an attack. */
export function gatewayInstructions(upstreams: UpstreamProvider): string | undefined {
  const sections = upstreams().flatMap(({ upstream }) => {
    const text = upstream.instructions();
    if (text === undefined || text === "" || inspectText("instructions", text).length > 0) return [];
    return [{ name: upstream.name, text }];
  });
  const [only] = sections;
  if (only === undefined) return undefined;
  return sections.length === 1 ? only.text : sections.map(({ name, text }) => `## ${name}\n${text}`).join("\n\n");
}

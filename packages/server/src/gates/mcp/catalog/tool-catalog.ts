/**
 * All tools of all upstreams under the names clients use. Order: upstreams as configured, names within each, so two
 * lists are equal when nothing changed. A name that two upstreams offer is served by neither and reported.
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import { compileGlob, type GlobMatcher } from "@aegisflow/core/policy/glob";
import { annotationsOf, type ToolIdentity } from "@aegisflow/core/tool-calls/describe-tool-call";
import type { Clock } from "../../../governance/ports.ts";
import type { GateUpstream, UpstreamProvider } from "../gate-upstream.ts";
import type { ToolPins } from "../tool-pins.ts";
import type { Upstream } from "../upstream.ts";
import { textOf } from "../wire/json-rpc.ts";
import { exposedNameOf, isServableName, policyNameOf } from "./catalog-names.ts";
import { stripHiddenDeep } from "./inspect-tool.ts";
import { type ParamHeader, readParamHeaders } from "./param-headers.ts";
import type { UpstreamLists } from "./upstream-lists.ts";

export interface CatalogTool extends ToolIdentity {
  readonly gate: GateUpstream;
  /** The upstream's own name for it. */
  readonly ownName: string;
  /** The definition as clients see it, under the exposed name. */
  readonly definition: JsonObject;
  readonly inputSchema: JsonValue | undefined;
  readonly paramHeaders: readonly ParamHeader[];
}

/** Something the operator has to mend: shown by the admin API and in the log. */
export interface CatalogProblem {
  readonly upstreams: readonly string[];
  readonly tool?: string;
  readonly message: string;
}

export interface ToolCatalogView {
  readonly tools: readonly CatalogTool[];
  readonly byName: ReadonlyMap<string, CatalogTool>;
  /** Names that are served by nobody, with why. */
  readonly conflicts: ReadonlyMap<string, string>;
  readonly problems: readonly CatalogProblem[];
}

export interface ToolCatalog {
  view(): Promise<ToolCatalogView>;
  /** Looks again, at most every few seconds, when the name is not known. */
  find(exposedName: string): Promise<CatalogTool | { readonly conflict: string } | undefined>;
}

/** Unknown names make the upstreams list again no more often than this. */
const SECOND_LOOK_MS = 2_000;

export interface ToolCatalogPorts {
  readonly upstreams: UpstreamProvider;
  readonly lists: UpstreamLists;
  readonly pins: ToolPins;
  readonly clock: Pick<Clock, "monotonicMs">;
}

export function createToolCatalog(ports: ToolCatalogPorts): ToolCatalog {
  let seen: readonly (readonly [GateUpstream, readonly JsonObject[]])[] = [];
  let current: ToolCatalogView = buildView([], ports.pins);
  let lookedAgainMs = Number.NEGATIVE_INFINITY;

  const view = async (): Promise<ToolCatalogView> => {
    const loaded = await Promise.all(
      ports.upstreams().map(async (gate) => [gate, await ports.lists.entries(gate.upstream, "tools")] as const),
    );
    if (!isSame(seen, loaded)) {
      current = buildView(loaded, ports.pins);
      seen = loaded;
    }
    return current;
  };

  const lookUp = async (name: string): Promise<CatalogTool | { readonly conflict: string } | undefined> => {
    const { byName, conflicts } = await view();
    const conflict = conflicts.get(name);
    return conflict === undefined ? byName.get(name) : { conflict };
  };

  return {
    view,
    async find(name) {
      const found = await lookUp(name);
      if (found !== undefined || ports.clock.monotonicMs() - lookedAgainMs < SECOND_LOOK_MS) return found;
      lookedAgainMs = ports.clock.monotonicMs();
      for (const { upstream } of ports.upstreams()) ports.lists.invalidate(upstream, "tools");
      return lookUp(name);
    },
  };
}

function isSame(
  before: readonly (readonly [GateUpstream, readonly JsonObject[]])[],
  now: readonly (readonly [GateUpstream, readonly JsonObject[]])[],
): boolean {
  return (
    before.length === now.length &&
    before.every(([gate, entries], index) => {
      const [other, others] = now[index] ?? [];
      return entries === others && other !== undefined && isSameGate(gate, other);
    })
  );
}

function isSameGate(a: GateUpstream, b: GateUpstream): boolean {
  return a.upstream === b.upstream && a.prefix === b.prefix && a.tools === b.tools && a.timeoutMs === b.timeoutMs;
}

function buildView(
  loaded: readonly (readonly [GateUpstream, readonly JsonObject[]])[],
  pins: ToolPins,
): ToolCatalogView {
  const problems: CatalogProblem[] = [];
  const candidates = loaded.flatMap(([gate, entries]) => toolsOf(gate, entries, pins, problems));
  const conflicts = findConflicts(candidates, problems);
  const tools = candidates.filter(({ exposedName }) => !conflicts.has(exposedName));
  return { tools, byName: new Map(tools.map((tool) => [tool.exposedName, tool])), conflicts, problems };
}

function toolsOf(
  gate: GateUpstream,
  entries: readonly JsonObject[],
  pins: ToolPins,
  problems: CatalogProblem[],
): readonly CatalogTool[] {
  const globs = gate.tools.map((glob) => compileGlob(glob, "text"));
  const tools: CatalogTool[] = [];
  for (const entry of entries) {
    const tool = toTool(gate, entry, globs, pins);
    if (tool === "hidden") continue;
    if ("message" in tool) problems.push(tool);
    else tools.push(tool);
  }
  return tools.sort((a, b) => (a.exposedName < b.exposedName ? -1 : 1));
}

function toTool(
  gate: GateUpstream,
  entry: JsonObject,
  globs: readonly GlobMatcher[],
  pins: ToolPins,
): CatalogTool | CatalogProblem | "hidden" {
  const { upstream } = gate;
  const name = entry["name"];
  const exposedName = typeof name === "string" ? exposedNameOf(gate, name) : "";
  if (!isServableName(name) || !isServableName(exposedName)) {
    return problemOf(
      upstream,
      textOf(name),
      "its name is empty, too long, or has characters other than letters, digits and `_ . - / :`",
    );
  }
  if (!globs.some((matches) => matches(name))) return "hidden";
  const headers = readParamHeaders(entry["inputSchema"]);
  if (headers.kind === "invalid") return problemOf(upstream, name, headers.reason);
  const verdict = pins.observe(upstream.name, entry);
  const shown = verdict.state === "accepted" ? verdict.definition : stripHiddenDeep(verdict.definition);
  return {
    gate,
    upstream: upstream.name,
    ownName: name,
    exposedName,
    policyName: policyNameOf(gate, name),
    annotations: annotationsOf(entry),
    inputSchema: entry["inputSchema"],
    definition: { ...shown, name: exposedName },
    paramHeaders: headers.headers,
  };
}

function problemOf(upstream: Upstream, tool: string, why: string): CatalogProblem {
  return {
    upstreams: [upstream.name],
    tool,
    message: `tool \`${tool.slice(0, 128)}\` of upstream \`${upstream.name}\` is not served: ${why}`,
  };
}

/** Two tools may share neither the name clients call nor the name rules and approvals know them by. */
function findConflicts(candidates: readonly CatalogTool[], problems: CatalogProblem[]): ReadonlyMap<string, string> {
  const conflicts = new Map<string, string>();
  for (const nameOf of [(tool: CatalogTool) => tool.exposedName, (tool: CatalogTool) => tool.policyName]) {
    for (const [name, group] of Map.groupBy(candidates, nameOf)) {
      if (group.length < 2) continue;
      const upstreams = [...new Set(group.map(({ upstream }) => upstream))];
      const offered = upstreams.map((upstream) => `\`${upstream}\``).join(" and ");
      const message = `tool \`${name}\` is offered by ${offered}, so none of them serves it; give one a \`prefix\` or narrow its \`tools\``;
      problems.push({ upstreams, tool: name, message });
      for (const { exposedName } of group) conflicts.set(exposedName, message);
    }
  }
  return conflicts;
}

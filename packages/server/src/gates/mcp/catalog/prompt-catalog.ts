/** All prompts of all upstreams under the names clients use; the rules of names are those of tools. */
import type { JsonObject } from "@aegisflow/core";
import type { GateUpstream, UpstreamProvider } from "../gate-upstream.ts";
import { exposedNameOf, isServableName } from "./catalog-names.ts";
import type { UpstreamLists } from "./upstream-lists.ts";

export interface CatalogPrompt {
  readonly gate: GateUpstream;
  readonly ownName: string;
  readonly exposedName: string;
  readonly definition: JsonObject;
}

export interface PromptCatalogView {
  readonly prompts: readonly CatalogPrompt[];
  readonly byName: ReadonlyMap<string, CatalogPrompt>;
  readonly conflicts: ReadonlyMap<string, string>;
}

export async function viewPrompts(upstreams: UpstreamProvider, lists: UpstreamLists): Promise<PromptCatalogView> {
  const loaded = await Promise.all(
    upstreams().map(async (gate) => promptsOf(gate, await lists.entries(gate.upstream, "prompts"))),
  );
  const candidates = loaded.flat();
  const conflicts = new Map<string, string>();
  for (const [name, group] of Map.groupBy(candidates, ({ exposedName }) => exposedName)) {
    if (group.length < 2) continue;
    const offered = group.map(({ gate }) => `\`${gate.upstream.name}\``).join(" and ");
    conflicts.set(
      name,
      `prompt \`${name}\` is offered by ${offered}, so none of them serves it; give one a \`prefix\``,
    );
  }
  const prompts = candidates.filter(({ exposedName }) => !conflicts.has(exposedName));
  return { prompts, byName: new Map(prompts.map((prompt) => [prompt.exposedName, prompt])), conflicts };
}

function promptsOf(gate: GateUpstream, entries: readonly JsonObject[]): readonly CatalogPrompt[] {
  const prompts = entries.flatMap((definition) => {
    const name = definition["name"];
    if (!isServableName(name)) return [];
    const exposedName = exposedNameOf(gate, name);
    return isServableName(exposedName)
      ? [{ gate, ownName: name, exposedName, definition: { ...definition, name: exposedName } }]
      : [];
  });
  return prompts.sort((a, b) => (a.exposedName < b.exposedName ? -1 : 1));
}

/**
 * All resources and templates of all upstreams, and which upstream a URI belongs to: the one that lists it, else
 * the one with a template for it, else the only one that has resources at all. Never guesses between two.
 */
import { AegisError, type JsonObject } from "@aegisflow/core";
import { compileGlob } from "@aegisflow/core/policy/glob";
import type { GateUpstream, UpstreamProvider } from "../gate-upstream.ts";
import type { UpstreamLists } from "./upstream-lists.ts";

export interface CatalogResource {
  readonly gate: GateUpstream;
  /** URI, or URI template. */
  readonly key: string;
  readonly definition: JsonObject;
}

export async function viewResources(
  upstreams: UpstreamProvider,
  lists: UpstreamLists,
  kind: "resources" | "templates",
): Promise<readonly CatalogResource[]> {
  const keyName = kind === "resources" ? "uri" : "uriTemplate";
  const loaded = await Promise.all(
    upstreams().map(async (gate) => {
      const entries = await lists.entries(gate.upstream, kind);
      const resources = entries.flatMap((definition) => {
        const key = definition[keyName];
        return typeof key === "string" && key !== "" ? [{ gate, key, definition }] : [];
      });
      return resources.sort((a, b) => (a.key < b.key ? -1 : 1));
    }),
  );
  return loaded.flat();
}

/** @throws AegisError `not-found` when nobody has it, `conflict` when several may. */
export async function findResourceOwner(
  uri: string,
  upstreams: UpstreamProvider,
  lists: UpstreamLists,
): Promise<GateUpstream> {
  const listed = await viewResources(upstreams, lists, "resources");
  const owners = ownersOf(listed.filter(({ key }) => key === uri));
  if (owners.length > 0) return theOnly(uri, owners);
  const templates = await viewResources(upstreams, lists, "templates");
  const templated = ownersOf(templates.filter(({ key }) => key === uri || matchesTemplate(key, uri)));
  if (templated.length > 0) return theOnly(uri, templated);
  const able = upstreams().filter(({ upstream }) => upstream.capabilities()["resources"] !== undefined);
  const [only] = able;
  if (only !== undefined && able.length === 1) return only;
  throw new AegisError("not-found", `no upstream has resource \`${uri}\`; list the resources to see which there are`);
}

function ownersOf(resources: readonly CatalogResource[]): readonly GateUpstream[] {
  return [...new Set(resources.map(({ gate }) => gate))];
}

function theOnly(uri: string, owners: readonly GateUpstream[]): GateUpstream {
  const [only, another] = owners;
  if (only !== undefined && another === undefined) return only;
  const names = owners.map(({ upstream }) => `\`${upstream.name}\``).join(" and ");
  throw new AegisError(
    "conflict",
    `resource \`${uri}\` is offered by ${names}, so it is not served; remove one of them`,
  );
}

/** RFC 6570 expressions as wildcards: enough to see which server a URI is meant for; the server itself parses it. */
export function matchesTemplate(template: string, uri: string): boolean {
  const glob = template
    .split(/(\{[^{}]{1,200}\})/)
    .map((part) => (part.startsWith("{") && part.endsWith("}") ? "*" : part.replace(/[\\*?[\]{}]/g, "\\$&")))
    .join("")
    .replace(/\*{2,}/g, "*");
  if (glob === "*") return false;
  try {
    return compileGlob(glob, "text")(uri);
  } catch {
    return false;
  }
}

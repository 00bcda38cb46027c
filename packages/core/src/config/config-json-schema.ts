/** The configuration as JSON Schema (2020-12): for editors, for the reference page, and to suggest names in errors. */
import { z } from "zod";
import { UNAVAILABLE_KEYS } from "./availability.ts";
import { configSchema } from "./config-schema.ts";
import type { KeyPath } from "./key-path.ts";
import { policyPackSchema, starterKitPackSchema } from "./policy-schema.ts";

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

/** What may be written, with descriptions and defaults; keys this version does not have say so. */
export const configJsonSchema = once(() => markUnavailable(toInputSchema(configSchema), []));

/** What a file in `policy-packs/` may hold: the plain shape, then the starter kit's. */
export const packJsonSchemas = once(() => ({
  plain: toInputSchema(policyPackSchema),
  starterKit: toInputSchema(starterKitPackSchema),
}));

/** Made when first asked for: only errors and the generated pages need it, and it takes longer than a load. */
function once<T>(make: () => T): () => T {
  const made: T[] = [];
  return () => {
    const [value = make()] = made;
    made[0] = value;
    return value;
  };
}

function toInputSchema(schema: z.ZodType): JsonSchema {
  // Zod's own type says more than is needed here; every field above is plain JSON Schema.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest as JsonSchema;
}

/** Known keys of the map at a path, for "did you mean"; empty where any key may stand. */
export function knownKeysAt(schema: JsonSchema, path: KeyPath): readonly string[] {
  const keys = path
    .reduce<readonly JsonSchema[]>((nodes, segment) => nodes.flatMap((node) => step(node, segment)), [schema])
    .flatMap((node) => alternatives(node).flatMap((branch) => Object.keys(branch.properties ?? {})));
  return [...new Set(keys)];
}

/** The sub-schemas one segment further down. */
function step(node: JsonSchema, segment: string | number): JsonSchema[] {
  return alternatives(node).flatMap((branch) => {
    if (typeof segment === "number") return branch.items === undefined ? [] : [branch.items];
    const property = branch.properties?.[segment];
    if (property !== undefined) return [property];
    return typeof branch.additionalProperties === "object" ? [branch.additionalProperties] : [];
  });
}

function alternatives(node: JsonSchema): readonly JsonSchema[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}

function markUnavailable(node: JsonSchema, path: readonly string[]): JsonSchema {
  const entry = UNAVAILABLE_KEYS.find((candidate) => candidate.path === path.join("."));
  if (entry !== undefined) {
    const note = entry.instead === undefined ? "Not in this version" : `Not supported; use ${entry.instead}`;
    return { ...node, description: `${note}. ${node.description ?? ""}`.trim() };
  }
  return {
    ...node,
    ...(node.properties === undefined ? {} : { properties: markProperties(node.properties, path) }),
    ...(node.items === undefined ? {} : { items: markUnavailable(node.items, [...path, "*"]) }),
    ...(node.anyOf === undefined ? {} : { anyOf: node.anyOf.map((branch) => markUnavailable(branch, path)) }),
  };
}

function markProperties(
  properties: Readonly<Record<string, JsonSchema>>,
  path: readonly string[],
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, node]) => [key, markUnavailable(node, [...path, key])]),
  );
}

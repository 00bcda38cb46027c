/** Pieces of a JSON Schema in words: what kind of value, which limits, which default. */
import type { JsonSchema } from "@aegisflow/core/config/config-json-schema";

/** One key of the configuration, with the path people write. */
export interface ConfigKey {
  /** `mcp_gateway.upstreams[].name`, `env.<name>`. */
  readonly path: string;
  readonly node: JsonSchema;
  readonly required: boolean;
}

/** All keys below a node, parents before children, in the schema's order. */
export function keysBelow(node: JsonSchema, path = ""): ConfigKey[] {
  return alternatives(node).flatMap((branch) => {
    const named = Object.entries(branch.properties ?? {}).flatMap(([name, child]) => {
      const at = path === "" ? name : `${path}.${name}`;
      const key = {
        path: at,
        node: child,
        required: branch.required?.includes(name) === true && child.default === undefined,
      };
      return [key, ...(isUnavailable(child) ? [] : keysBelow(child, at))];
    });
    const items = branch.items === undefined || isRepeated(path) ? [] : keysBelow(branch.items, `${path}[]`);
    const free =
      typeof branch.additionalProperties === "object" ? keysBelow(branch.additionalProperties, `${path}.<name>`) : [];
    return [...named, ...items, ...free];
  });
}

/** Same shape as a list before it: not worth saying twice. */
function isRepeated(path: string): boolean {
  return path.endsWith("rules_after");
}

export function isUnavailable({ description = "" }: JsonSchema): boolean {
  return description.startsWith("Not in this version.") || description.startsWith("Not supported;");
}

function alternatives(node: JsonSchema): readonly JsonSchema[] {
  return node.anyOf?.flatMap(alternatives) ?? [node];
}

/** `duration`, `whole number, 0 to 65535`, `list of text`, `allow, review or block`. */
export function kindOf(node: JsonSchema): string {
  const kinds = [
    ...new Set(
      alternatives(node)
        .filter(({ const: fixed }) => fixed !== "")
        .map(simpleKind),
    ),
  ];
  const [first = "", second] = kinds;
  return kinds.length === 2 && second === `list of ${first}` ? `${first}, or a list` : kinds.join(", or ");
}

function simpleKind(node: JsonSchema): string {
  if (node.enum !== undefined) return wordList(node.enum.filter((value) => value !== "" && value !== "*"));
  if (node.const !== undefined) return code(node.const);
  switch (node.type) {
    case "string":
      return node.pattern?.includes("ns|us") === true ? "duration" : "text";
    case "integer":
    case "number":
      return `${node.type === "integer" ? "whole number" : "number"}${range(node)}`;
    case "boolean":
      return "true or false";
    case "array":
      return `list of ${node.items === undefined ? "values" : plainKind(node.items)}`;
    default:
      return "map";
  }
}

/** Inside a list a map is a map, whatever it holds. */
function plainKind(node: JsonSchema): string {
  return [
    ...new Set(alternatives(node).map((branch) => (branch.properties === undefined ? simpleKind(branch) : "maps"))),
  ].join(" or ");
}

function range({ minimum, maximum }: JsonSchema): string {
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  return high === undefined ? "" : `, at most ${high}`;
}

function wordList(values: readonly unknown[]): string {
  const words = values.map(code);
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}

export interface Meaning {
  readonly fallback: string;
  readonly text: string;
}

/** The description, with the default it names (or the schema's) taken out. */
export function meaningOf({ default: value, description = "" }: JsonSchema): Meaning {
  const said = / ?Default: (.+?)\.(?= |$)/.exec(description);
  if (said !== null) return { fallback: said[1] ?? "", text: description.replace(said[0], "").trim() };
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return { fallback: value === undefined || isMap ? "" : code(value), text: description };
}

export function code(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" ? "empty" : `\`${text}\``;
}

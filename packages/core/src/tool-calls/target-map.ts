/**
 * The declarative map from a tool to what it acts on: templates over its arguments, the kind of the target, the
 * capability and the effects. Built-in maps and `mcp_gateway.targets` have this one shape.
 * Pure data and the reading of templates; what a missing or odd argument means is decided in describe-tool-call.ts.
 */
import { type Capability, isJsonObject, type JsonObject, type JsonValue, type TargetKind } from "../action/action.ts";
import type { EffectKind } from "../action/effect.ts";

export interface EffectTemplate {
  readonly kind: EffectKind;
  readonly paths?: readonly string[];
  readonly refs?: readonly string[];
  readonly tables?: readonly string[];
  /** Templates of URLs; the effect carries their host names. */
  readonly urls?: readonly string[];
  readonly flags?: readonly string[];
}

export interface ToolTarget {
  /**
   * Templates, the first that can be filled is the target: `{owner}/{repo}`, `{path}`; `{files[].path}` names every
   * path of a list and makes the call a compound action. Without one the target is the tool's name.
   */
  readonly target?: readonly string[];
  readonly target_kind: TargetKind;
  readonly capability: Capability;
  readonly effects?: readonly EffectTemplate[];
  /** More templates whose values are targets too: the destination of a move. */
  readonly also?: readonly string[];
}

/** An entry of `mcp_gateway.targets`: a glob on the tool's name as rules see it, and what such a call means. */
export interface ConfiguredTarget extends ToolTarget {
  readonly tool: string;
}

export type Filled =
  | { readonly kind: "filled"; readonly values: readonly string[] }
  /** An argument the template names is not there: another template may fit. */
  | { readonly kind: "absent" }
  /** It is there but is not a text, number or boolean: the call cannot be understood. */
  | { readonly kind: "odd"; readonly argument: string };

/** Values of one list that are looked at; a longer list cannot be judged piece by piece and is `odd`. */
export const COMPOUND_MAX = 64;

/** Fills one template. A template with a list gives one value for each item, in order. */
export function fillTemplate(template: string, args: JsonObject): Filled {
  let texts: readonly string[] = [""];
  for (const part of template.split(/(\{[^{}]*\})/)) {
    if (!part.startsWith("{")) {
      texts = texts.map((text) => text + part);
      continue;
    }
    const name = part.slice(1, -1);
    const found = lookUp(args, name.split("."));
    if (found === undefined) return { kind: "absent" };
    const values = found === "odd" ? undefined : toTexts(found);
    if (values === undefined || texts.length * values.length > COMPOUND_MAX) return { kind: "odd", argument: name };
    texts = texts.flatMap((text) => values.map((value) => text + value));
  }
  return texts.length === 0 ? { kind: "absent" } : { kind: "filled", values: texts };
}

/** Follows `files[].path`; undefined when nothing is there. */
function lookUp(value: JsonValue, steps: readonly string[]): readonly JsonValue[] | "odd" | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return [value];
  if (!isJsonObject(value)) return "odd";
  const isList = step.endsWith("[]");
  const key = isList ? step.slice(0, -2) : step;
  const child = Object.hasOwn(value, key) ? value[key] : undefined;
  if (child === undefined || child === null || child === "") return undefined;
  if (!isList) return lookUp(child, rest);
  if (!Array.isArray(child)) return "odd";
  const found: JsonValue[] = [];
  for (const item of child) {
    const values = lookUp(item, rest);
    if (values === undefined || values === "odd") return "odd";
    found.push(...values);
  }
  return found;
}

function toTexts(values: readonly JsonValue[]): readonly string[] | undefined {
  return values.some((value) => typeof value === "object" || value === "") ? undefined : values.map(String);
}

/**
 * `prompts/get`, `resources/read` and `completion/complete`: reading through an upstream is an action like any
 * other. Rules know it as `mcp.prompts.get` (target: the prompt's name) and `mcp.resources.read` (target: the URI).
 */
import { type ActionDraft, isAegisError, type JsonObject, type JsonValue } from "@aegisflow/core";
import { type CatalogPrompt, viewPrompts } from "./catalog/prompt-catalog.ts";
import { findResourceOwner } from "./catalog/resource-catalog.ts";
import type { Exchange } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import type { GateUpstream } from "./gate-upstream.ts";
import { governCall } from "./governed-call.ts";
import { holdsControlCharacters, otherReadings, resourceTarget } from "./resource-target.ts";
import { runUpstream } from "./run-upstream.ts";
import { isJsonObject, textOf } from "./wire/json-rpc.ts";
import { BLOCKED, invalidParams, RpcError } from "./wire/rpc-error.ts";

export async function getPrompt(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { name, arguments: promptArgs } = params;
  if (typeof name !== "string") throw invalidParams("`name` must be the name of a prompt");
  if (promptArgs !== undefined && !isJsonObject(promptArgs)) throw invalidParams("`arguments` must be an object");
  const prompt = await findPrompt(context, name);
  return governCall(
    context,
    exchange,
    {
      method: "prompts/get",
      subject: { noun: "prompt", name },
      args: { name, ...(promptArgs === undefined ? {} : { arguments: promptArgs }) },
      describe: (parameters) => ({ draft: promptDraft(exchange, prompt, parameters), parts: [] }),
      floors: [],
      toUpstream: (sealed) => ({
        gate: prompt.gate,
        method: "prompts/get",
        params: { ...sealed, name: prompt.ownName },
      }),
    },
    params,
  );
}

export async function readResource(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const uri = uriOf(params);
  const gate = await findOwner(context, uri);
  return governCall(
    context,
    exchange,
    {
      method: "resources/read",
      subject: { noun: "resource", name: uri },
      args: { uri },
      describe: (parameters) => {
        const [draft, ...parts] = resourceDrafts(exchange, gate, parameters, uri);
        return { draft, parts };
      },
      floors: [],
      toUpstream: (sealed) => ({ gate, method: "resources/read", params: sealed }),
    },
    params,
  );
}

/**
 * Suggestions while a person types: not recorded one by one, and so only for what the caller may read without asking
 * anybody. Sent are the members that were looked at, never the objects they came in.
 */
export async function complete(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { ref, argument, context: given } = params;
  if (!isJsonObject(ref) || !isJsonObject(argument)) throw invalidParams("`ref` and `argument` must be objects");
  const { gate, ownRef, drafts } = await resolveReference(context, exchange, ref);
  await assertReadable(context, drafts, { name: textOf(ref["name"] ?? ref["uri"]), without: "approval" });
  const call = {
    gate,
    method: "completion/complete",
    params: { ref: ownRef, argument: onlyKeys(argument, ["name", "value"]), ...contextOf(given) },
  } as const;
  const { value } = await runUpstream(call, exchange, context.settings().resultPolicy, undefined, exchange.signal);
  return value;
}

async function resolveReference(
  context: GateContext,
  exchange: Exchange,
  ref: JsonObject,
): Promise<{ readonly gate: GateUpstream; readonly ownRef: JsonObject; readonly drafts: readonly ActionDraft[] }> {
  const { type, name, uri } = ref;
  if (type === "ref/prompt" && typeof name === "string") {
    const prompt = await findPrompt(context, name);
    return {
      gate: prompt.gate,
      ownRef: { type, name: prompt.ownName },
      drafts: [promptDraft(exchange, prompt, { name })],
    };
  }
  if (type === "ref/resource" && typeof uri === "string") {
    const gate = await findOwner(context, uriOf({ uri }));
    return { gate, ownRef: { type, uri }, drafts: resourceDrafts(exchange, gate, { uri }, uri) };
  }
  throw invalidParams("`ref` must be a ref/prompt with a name or a ref/resource with a uri");
}

function contextOf(given: JsonValue | undefined): JsonObject {
  return isJsonObject(given) ? { context: onlyKeys(given, ["arguments"]) } : {};
}

function onlyKeys(value: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}

/** @throws RpcError -32602 for a `uri` that is none. */
export function uriOf({ uri }: JsonObject): string {
  if (typeof uri !== "string" || uri === "") throw invalidParams("`uri` must be the URI of a resource");
  if (holdsControlCharacters(uri)) throw invalidParams("`uri` must not hold control characters, escaped or not");
  return uri;
}

/** @throws RpcError -32001 when the caller could not read it anyway; `without: "approval"` when not at once. */
export async function assertReadable(
  context: GateContext,
  drafts: readonly ActionDraft[],
  { name, without }: { readonly name: string; readonly without?: "approval" },
): Promise<void> {
  for (const draft of drafts) {
    const { decision } = await context.governance.preview(draft);
    if (decision.decision === "allow" || (decision.decision === "review" && without === undefined)) continue;
    const { rule, reason, suggestion } = decision;
    throw new RpcError(BLOCKED, `blocked by policy: ${name}`, {
      data: { decision: decision.decision, rule, reason, ...(suggestion === undefined ? {} : { suggestion }) },
    });
  }
}

async function findPrompt(context: GateContext, name: string): Promise<CatalogPrompt> {
  const { byName, conflicts } = await viewPrompts(context.upstreams, context.lists);
  const conflict = conflicts.get(name);
  if (conflict !== undefined) throw invalidParams(conflict);
  const prompt = byName.get(name);
  if (prompt === undefined)
    throw invalidParams(`no prompt \`${name.slice(0, 200)}\`; call prompts/list to see which there are`);
  return prompt;
}

export async function findOwner(context: GateContext, uri: string): Promise<GateUpstream> {
  try {
    return await findResourceOwner(uri, context.upstreams, context.lists);
  } catch (error) {
    // The specification knows this one by its code and by `uri` alone in its data.
    if (isAegisError(error) && error.code === "not-found") throw invalidParams(error.message, { uri });
    throw error;
  }
}

export function promptDraft(exchange: Exchange, prompt: CatalogPrompt, parameters: JsonObject): ActionDraft {
  return {
    ...readDraft(exchange, parameters),
    tool: "mcp.prompts.get",
    target: prompt.exposedName,
    target_kind: "name",
    resource: { type: "mcp-prompt", provider: prompt.gate.upstream.name },
  };
}

/** The resource as its URI says, then as a server may read the URI otherwise. */
export function resourceDrafts(
  exchange: Exchange,
  gate: GateUpstream,
  parameters: JsonObject,
  uri: string,
): readonly [ActionDraft, ...ActionDraft[]] {
  const draft: ActionDraft = {
    ...readDraft(exchange, parameters),
    tool: "mcp.resources.read",
    ...resourceTarget(uri),
    resource: { type: "mcp-resource", provider: gate.upstream.name },
  };
  return [draft, ...otherReadings(uri).map((reading) => ({ ...draft, ...reading }))];
}

function readDraft(exchange: Exchange, parameters: JsonObject) {
  return {
    actor: exchange.actor,
    task: "mcp-session",
    protocol: "mcp",
    parameters,
    requested_capability: "read",
    effects: [],
  } as const;
}

/**
 * The list methods: everything all upstreams offer, without what policy would block for this caller whatever it
 * asked, in a fixed order, page by page. Cursors are sealed: they mean something only to this server, for this
 * caller and this list.
 */
import type { ActionDraft, JsonObject } from "@aegisflow/core";
import { TOOL_RULES_ENGINE } from "../../policy/policy.ts";
import { viewPrompts } from "./catalog/prompt-catalog.ts";
import { viewResources } from "./catalog/resource-catalog.ts";
import type { Exchange } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { promptDraft, resourceDrafts } from "./read-actions.ts";
import { invalidParams } from "./wire/rpc-error.ts";

/** Entries on one page: most gateways need one page, and clients that ignore cursors see all of it. */
export const PAGE_ENTRIES_MAX = 500;

interface ListEntry {
  /** Where it stands in the order, unique in its list. */
  readonly key: string;
  readonly item: JsonObject;
  /** What using it would be, as far as that can be said before it is used. */
  readonly draft: ActionDraft;
  /** What it acts on is known only when it is called. */
  readonly isOpen: boolean;
}

export async function listTools(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { tools } = await context.tools.view();
  const entries = tools.map((tool) => ({
    key: tool.exposedName,
    item: tool.definition,
    draft: context.describe(tool, {}, exchange.actor).draft,
    isOpen: true,
  }));
  return pageOf(context, exchange, "tools", entries, params);
}

export async function listPrompts(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { prompts } = await viewPrompts(context.upstreams, context.lists);
  const entries = prompts.map((prompt) => ({
    key: prompt.exposedName,
    item: prompt.definition,
    draft: promptDraft(exchange, prompt, { name: prompt.exposedName }),
    isOpen: false,
  }));
  return pageOf(context, exchange, "prompts", entries, params);
}

export async function listResources(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  return listUris(context, exchange, "resources", params);
}

export async function listTemplates(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  return listUris(context, exchange, "templates", params);
}

async function listUris(
  context: GateContext,
  exchange: Exchange,
  kind: "resources" | "templates",
  params: JsonObject,
): Promise<JsonObject> {
  const resources = await viewResources(context.upstreams, context.lists, kind);
  const entries = resources.map(({ gate, key, definition }) => ({
    key: `${gate.upstream.name} ${key}`,
    item: definition,
    draft: resourceDrafts(exchange, gate, { uri: key }, key)[0],
    isOpen: kind === "templates",
  }));
  return pageOf(context, exchange, kind === "resources" ? "resources" : "resourceTemplates", entries, params);
}

async function pageOf(
  context: GateContext,
  exchange: Exchange,
  member: string,
  entries: readonly ListEntry[],
  params: JsonObject,
): Promise<JsonObject> {
  const start = readCursor(context, exchange, member, entries, params["cursor"]);
  const items: JsonObject[] = [];
  for (let index = start; index < entries.length; index++) {
    const entry = entries[index];
    if (entry === undefined || !(await isOffered(context, entry))) continue;
    items.push(entry.item);
    if (items.length < PAGE_ENTRIES_MAX || index + 1 === entries.length) continue;
    return { [member]: items, nextCursor: sealCursor(context, exchange, member, index, entry.key) };
  }
  return { [member]: items };
}

/** Decided by the very engines that will decide the call, without recording it. What cannot be decided is not offered. */
async function isOffered(context: GateContext, { draft, isOpen }: ListEntry): Promise<boolean> {
  const { decision } = await context.governance.preview(draft);
  if (decision.decision !== "block") return true;
  if (!isOpen) return false;
  const onlyRules = decision.trace.every(
    (verdict) => verdict.decision !== "block" || verdict.engine === TOOL_RULES_ENGINE,
  );
  return onlyRules && context.mayPass(draft);
}

function sealCursor(context: GateContext, exchange: Exchange, member: string, index: number, key: string): string {
  const { id, tenant } = exchange.caller;
  return context.sealer.seal(`cursor ${member}`, { principal: id, tenant, index, key });
}

/** Where the next page begins, also when the list changed in between. */
function readCursor(
  context: GateContext,
  exchange: Exchange,
  member: string,
  entries: readonly ListEntry[],
  cursor: unknown,
): number {
  if (cursor === undefined) return 0;
  const content = typeof cursor === "string" ? context.sealer.open(`cursor ${member}`, cursor) : undefined;
  const { id, tenant } = exchange.caller;
  if (content === undefined || content["principal"] !== id || content["tenant"] !== tenant) {
    throw invalidParams("`cursor` is not one of this list; begin again without it");
  }
  const found = entries.findIndex(({ key }) => key === content["key"]);
  return (found === -1 ? Number(content["index"]) : found) + 1;
}

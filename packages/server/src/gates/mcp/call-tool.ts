/** `tools/call`: finds the tool, refuses ambiguous arguments, and has the call governed. */
import type { Floor, JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { paramHeaderMismatch } from "./catalog/param-headers.ts";
import type { CatalogTool } from "./catalog/tool-catalog.ts";
import type { Exchange } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import { governCall } from "./governed-call.ts";
import { findArgumentVariant } from "./wire/case-variants.ts";
import { isJsonObject } from "./wire/json-rpc.ts";
import { HEADER_MISMATCH, invalidParams, NO_UPSTREAM, RpcError } from "./wire/rpc-error.ts";

export async function callTool(context: GateContext, exchange: Exchange, params: JsonObject): Promise<JsonObject> {
  const { name, arguments: args = {} } = params;
  if (typeof name !== "string") throw invalidParams("`name` must be the name of a tool");
  if (!isJsonObject(args)) throw invalidParams("`arguments` must be an object");
  const tool = await findTool(context, name);
  assertUnambiguous(tool, args);
  assertHeadersAgree(tool, args, exchange);
  return governCall(
    context,
    exchange,
    {
      method: "tools/call",
      subject: { noun: "tool call", name },
      args,
      describe: (parameters) => context.describe(tool, parameters, exchange.actor),
      floors: pinFloors(context, tool),
      toUpstream: (sealedArgs) => ({
        gate: tool.gate,
        method: "tools/call",
        params: { name: tool.ownName },
        argumentsJson: canonicalJson(sealedArgs),
      }),
    },
    params,
  );
}

async function findTool(context: GateContext, name: string): Promise<CatalogTool> {
  const found = await context.tools.find(name);
  if (found === undefined) {
    throw new RpcError(NO_UPSTREAM, `no upstream configured for tool: ${name.slice(0, 200)}`, {
      data: {
        reason: "no upstream offers a tool of this name",
        suggestion: "call tools/list to see which tools there are",
      },
    });
  }
  if ("conflict" in found) throw new RpcError(NO_UPSTREAM, found.conflict);
  return found;
}

function assertUnambiguous(tool: CatalogTool, args: JsonObject): void {
  const variant = findArgumentVariant(args, tool.inputSchema);
  if (variant === undefined) return;
  const where = [...variant.path, variant.key].join(".");
  throw invalidParams(`argument \`${where}\` reads like \`${variant.known}\`; send one spelling`);
}

function assertHeadersAgree(tool: CatalogTool, args: JsonObject, exchange: Exchange): void {
  if (exchange.era !== "modern") return;
  const mismatch = paramHeaderMismatch(tool.paramHeaders, args, exchange.headers);
  if (mismatch !== undefined)
    throw new RpcError(HEADER_MISMATCH, `headers and body disagree: ${mismatch}`, { status: 400 });
}

function pinFloors(context: GateContext, tool: CatalogTool): readonly Floor[] {
  const floor = context.pins.floorOf(tool.upstream, tool.ownName);
  return floor === undefined ? [] : [floor];
}

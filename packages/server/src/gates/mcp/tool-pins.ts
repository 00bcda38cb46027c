/**
 * Remembers what a tool said it was. The first definition seen is trusted, unless it hides something; a later one
 * is a rug pull until a person accepts it. Until then calls of the tool get a floor (review, or block) and clients
 * keep being shown the accepted definition, because a poisoned description does its harm by being read.
 */
import { createHash } from "node:crypto";
import { AegisError, type Floor, type JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import type { Clock, EvidencePort } from "../../governance/ports.ts";
import { inspectTool } from "./catalog/inspect-tool.ts";
import { floorFor, type PinState, type PinView, pinnedPart, stateOf, toView, withAcceptedPart } from "./pin-row.ts";
import type { ToolPinRow, ToolPinStore } from "./tool-pin-store.ts";
import { textOf } from "./wire/json-rpc.ts";

export type { PinState, PinView } from "./pin-row.ts";

/** More tools than any gateway serves; past it new tools are held for review instead of remembered. */
export const PINS_MAX = 20_000;
export interface PinVerdict {
  readonly state: PinState;
  /** What clients are shown. */
  readonly definition: JsonObject;
  /** Present when calls must not simply pass. */
  readonly floor?: Floor;
}

export interface ToolPins {
  /** Compares with what is remembered, remembering what is new. Cheap when nothing changed. */
  observe(upstream: string, definition: JsonObject): PinVerdict;
  /** The state now, so that an acceptance holds at once; undefined for a tool never observed. */
  floorOf(upstream: string, tool: string): Floor | undefined;
  list(query?: PinQuery): readonly PinView[];
  /**
   * A person trusts the definition that is shown now. `hash` is the one they looked at.
   * @throws AegisError `not-found`, or `conflict` when the tool changed again meanwhile.
   */
  accept(request: AcceptPin): Promise<PinView>;
}

export interface PinQuery {
  /** Only pins that wait for a person. */
  readonly waiting?: boolean;
  readonly after?: { readonly upstream: string; readonly tool: string };
  readonly limit?: number;
}

export interface AcceptPin {
  readonly upstream: string;
  readonly tool: string;
  readonly hash: string;
  /** Principal id of the person. */
  readonly by: string;
  /** Chain that the acceptance is recorded in. */
  readonly tenant: string;
}

export interface ToolPinPorts {
  readonly store: ToolPinStore;
  readonly evidence: Pick<EvidencePort, "append">;
  readonly clock: Pick<Clock, "nowMs">;
  /** `off` remembers and shows, but holds nothing back. */
  readonly mode: () => "review" | "block" | "off";
}

const PAGE_MAX = 500;
/** Evidence chain of acceptances. */
const PIN_CHAIN = "tool-pins";

export function createToolPins(ports: ToolPinPorts): ToolPins {
  const { store } = ports;
  return {
    observe: (upstream, definition) => observeTool(ports, upstream, definition),
    floorOf(upstream, tool) {
      const row = store.get(upstream, tool);
      return row === undefined ? undefined : floorFor(row, ports.mode());
    },
    list: (query = {}) => listPins(store, query),
    accept: (request) => acceptPin(ports, request),
  };
}

function observeTool(ports: ToolPinPorts, upstream: string, definition: JsonObject): PinVerdict {
  const tool = textOf(definition["name"]);
  const pinned = pinnedPart(definition);
  const json = canonicalJson(pinned);
  const hash = createHash("sha256").update(json).digest("hex");
  const known = ports.store.get(upstream, tool);
  if (known === undefined && ports.store.count() >= PINS_MAX) return unremembered(definition);
  const row = known?.seenHash === hash ? known : remember(ports, known, { upstream, tool, hash, json, pinned });
  const floor = floorFor(row, ports.mode());
  const held = stateOf(row) === "changed" && ports.mode() !== "off";
  return {
    state: stateOf(row),
    definition: held ? withAcceptedPart(definition, row) : definition,
    ...(floor === undefined ? {} : { floor }),
  };
}

interface Observed {
  readonly upstream: string;
  readonly tool: string;
  readonly hash: string;
  readonly json: string;
  readonly pinned: JsonObject;
}

function remember(ports: ToolPinPorts, known: ToolPinRow | undefined, seen: Observed): ToolPinRow {
  const nowMs = ports.clock.nowMs();
  const findings = inspectTool(seen.pinned);
  const row: ToolPinRow = {
    upstream: seen.upstream,
    tool: seen.tool,
    acceptedHash: known?.acceptedHash ?? seen.hash,
    acceptedJson: known?.acceptedJson ?? seen.json,
    seenHash: seen.hash,
    seenJson: seen.json,
    findingsJson: canonicalJson(findings.map((finding) => ({ ...finding }))),
    firstSeenAtMs: known?.firstSeenAtMs ?? nowMs,
    changedAtMs: nowMs,
    ...(known?.acceptedAtMs === undefined ? {} : { acceptedAtMs: known.acceptedAtMs }),
    ...(known?.acceptedBy === undefined ? {} : { acceptedBy: known.acceptedBy }),
  };
  ports.store.put(row);
  return row;
}

function unremembered(definition: JsonObject): PinVerdict {
  const reason = `more than ${PINS_MAX} tools are remembered already, so this one cannot be watched for changes`;
  return { state: "flagged", definition, floor: { decision: "review", by: "tool-pinning", reason } };
}

function listPins(store: ToolPinStore, query: PinQuery): readonly PinView[] {
  const limit = Math.min(query.limit ?? PAGE_MAX, PAGE_MAX);
  const found: PinView[] = [];
  let after = query.after;
  for (;;) {
    const rows = store.list({ ...(after === undefined ? {} : { after }), limit: PAGE_MAX });
    for (const row of rows) {
      if (query.waiting === true && stateOf(row) === "accepted") continue;
      found.push(toView(row));
      if (found.length === limit) return found;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_MAX) return found;
    after = { upstream: last.upstream, tool: last.tool };
  }
}

async function acceptPin(ports: ToolPinPorts, request: AcceptPin): Promise<PinView> {
  const row = ports.store.get(request.upstream, request.tool);
  if (row === undefined) {
    throw new AegisError("not-found", `no tool \`${request.tool}\` of upstream \`${request.upstream}\` is remembered`);
  }
  if (row.seenHash !== request.hash) {
    throw new AegisError(
      "conflict",
      `tool \`${request.tool}\` changed again; look at it once more before you accept it`,
    );
  }
  // Recorded first: an acceptance that nobody can prove does not count.
  await ports.evidence.append({
    tenant: request.tenant,
    sid: PIN_CHAIN,
    kind: "tool.pin",
    p: { event: "accepted", pin: row.seenHash, previous: row.acceptedHash },
    disclosures: { by: request.by, upstream: row.upstream, tool: row.tool, definition: row.seenJson },
  });
  const accepted: ToolPinRow = {
    ...row,
    acceptedHash: row.seenHash,
    acceptedJson: row.seenJson,
    acceptedAtMs: ports.clock.nowMs(),
    acceptedBy: request.by,
  };
  ports.store.put(accepted);
  return toView(accepted);
}

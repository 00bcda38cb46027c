/** What a remembered row says: its state, the floor it puts under calls, what administrators are shown. Pure. */
import { AegisError, type Floor, type JsonObject } from "@aegisflow/core";
import { parseStrictJson } from "@aegisflow/evidence/strict-json";
import { type DefinitionChange, diffDefinitions } from "./catalog/diff-definitions.ts";
import type { Finding } from "./catalog/inspect-tool.ts";
import type { ToolPinRow } from "./tool-pin-store.ts";
import { isJsonObject, textOf } from "./wire/json-rpc.ts";

/** Part of a definition that the pin covers; `_meta` and icons are not read by models. */
const PINNED_KEYS = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];

export type PinState = "accepted" | "changed" | "flagged";

/** One remembered tool as administrators see it. */
export interface PinView {
  readonly upstream: string;
  readonly tool: string;
  readonly state: PinState;
  /** 64 hex of the definition that calls are trusted with, and of the one the upstream shows now. */
  readonly accepted_hash: string;
  readonly seen_hash: string;
  readonly findings: readonly Finding[];
  readonly changes: readonly DefinitionChange[];
  readonly first_seen_at: string;
  readonly changed_at: string;
  readonly accepted_at?: string;
  readonly accepted_by?: string;
}

/** A flagged first sight counts as accepted only once a person has said so; a changed one never does by itself. */
export function stateOf(row: ToolPinRow): PinState {
  if (row.seenHash !== row.acceptedHash) return "changed";
  return row.acceptedBy === undefined && row.findingsJson !== "[]" ? "flagged" : "accepted";
}

export function floorFor(row: ToolPinRow, mode: "review" | "block" | "off"): Floor | undefined {
  const state = stateOf(row);
  if (state === "accepted" || mode === "off") return undefined;
  const what = findingsOf(row)
    .map(({ where, what: seen }) => `${where} ${seen}`)
    .join("; ");
  const reason =
    state === "changed"
      ? `the definition of \`${row.tool}\` at upstream \`${row.upstream}\` changed since it was accepted${what === "" ? "" : `: ${what}`}`
      : `the definition of \`${row.tool}\` at upstream \`${row.upstream}\` looks manipulative: ${what}`;
  return {
    decision: mode,
    by: "tool-pinning",
    reason,
    suggestion: "ask an operator to look at the tool and accept it",
  };
}

export function toView(row: ToolPinRow): PinView {
  return {
    upstream: row.upstream,
    tool: row.tool,
    state: stateOf(row),
    accepted_hash: row.acceptedHash,
    seen_hash: row.seenHash,
    findings: findingsOf(row),
    changes: row.seenHash === row.acceptedHash ? [] : diffDefinitions(acceptedPart(row), seenPart(row)),
    first_seen_at: new Date(row.firstSeenAtMs).toISOString(),
    changed_at: new Date(row.changedAtMs).toISOString(),
    ...(row.acceptedAtMs === undefined ? {} : { accepted_at: new Date(row.acceptedAtMs).toISOString() }),
    ...(row.acceptedBy === undefined ? {} : { accepted_by: row.acceptedBy }),
  };
}

export function pinnedPart(definition: JsonObject): JsonObject {
  return Object.fromEntries(
    PINNED_KEYS.flatMap((key) => (definition[key] === undefined ? [] : [[key, definition[key]] as const])),
  );
}

export function withAcceptedPart(definition: JsonObject, row: ToolPinRow): JsonObject {
  const unpinned = Object.entries(definition).filter(([key]) => !PINNED_KEYS.includes(key));
  return { ...Object.fromEntries(unpinned), ...acceptedPart(row) };
}

function acceptedPart(row: ToolPinRow): JsonObject {
  return readJson(row, row.acceptedJson);
}

function seenPart(row: ToolPinRow): JsonObject {
  return readJson(row, row.seenJson);
}

function findingsOf(row: ToolPinRow): readonly Finding[] {
  const parsed = parseStrictJson(row.findingsJson);
  if (!Array.isArray(parsed)) throw corruptRow(row);
  return parsed.map((item) => {
    if (!isJsonObject(item)) throw corruptRow(row);
    const kind = item["kind"] === "hidden-unicode" ? "hidden-unicode" : "instruction-like";
    return { kind, where: textOf(item["where"]), what: textOf(item["what"]) };
  });
}

function readJson(row: ToolPinRow, text: string): JsonObject {
  const parsed = parseStrictJson(text);
  if (!isJsonObject(parsed)) throw corruptRow(row);
  return parsed;
}

function corruptRow(row: ToolPinRow): AegisError {
  return new AegisError(
    "corrupt",
    `the remembered definition of \`${row.tool}\` at \`${row.upstream}\` cannot be read`,
  );
}

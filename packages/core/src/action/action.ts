/**
 * What an action is: the draft a gate describes, and the sealed envelope the pipeline governs.
 * JSON keys are snake_case because users and old evidence know them so.
 */
import type { CanonicalInput } from "@aegisflow/evidence";
import type { Effect } from "./effect.ts";

export const PROTOCOLS = ["mcp", "http", "shell", "sql", "git"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * `unknown` is what a gate says when it could not parse the native request. It is never allowed silently:
 * an allow for it becomes a review unless the matching rule names capability `unknown`.
 */
export const CAPABILITIES = ["read", "write", "delete", "deploy", "approve", "execute", "unknown"] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** How `target` is to be matched: a path is normalised and `*` stops at `/`; in the others it does not. */
export const TARGET_KINDS = ["path", "command", "sql", "url", "repo", "name", "text"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Actor {
  readonly type: "user" | "agent" | "service";
  /** Authenticated principal: the id of the API key, never a self-reported name. */
  readonly id: string;
  readonly session_id: string;
  readonly tenant_id: string;
}

/** JSON as our strict parser gives it: every number is finite, integers are safe integers. */
export type JsonValue = CanonicalInput;
export type JsonObject = { readonly [key: string]: JsonValue };

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface ResourceRef {
  readonly type: string;
  readonly provider?: string;
  readonly environment?: string;
  readonly path?: readonly string[];
  readonly sensitivity?: "public" | "internal" | "confidential" | "secret";
}

/**
 * A gate may only tighten: the decision is at least this strict, whatever the rules say
 * (a changed tool definition, an instruction-like description, a destructive annotation).
 */
export interface Floor {
  readonly decision: "review" | "block";
  /** Engine name for the trace, e.g. `tool-pinning`. */
  readonly by: string;
  readonly reason: string;
  readonly suggestion?: string;
}

/** What a gate makes from a native request: pure data, no id, no time, no decision. */
export interface ActionDraft {
  readonly actor: Actor;
  readonly task: string;
  readonly protocol: Protocol;
  readonly tool: string;
  readonly target: string;
  readonly target_kind: TargetKind;
  readonly parameters: JsonObject;
  readonly requested_capability: Capability;
  /** Parsed operations of a compound action; the verdict is the strictest of theirs. May be empty. */
  readonly effects: readonly Effect[];
  readonly resource?: ResourceRef;
  readonly environment?: string;
  readonly justification?: string;
  readonly floors?: readonly Floor[];
}

/** The sealed action. Deeply frozen; only `sealEnvelope` makes one. */
export interface ActionEnvelope extends ActionDraft {
  readonly id: string;
  /** RFC 3339, UTC, microseconds. */
  readonly timestamp: string;
  /** RFC 8785 text of `parameters`: exactly these bytes are approved, executed and committed to. */
  readonly canonical_parameters: string;
  /** 64 hex: equal for the same action asked twice, different if one byte of an argument differs. */
  readonly fingerprint: string;
}

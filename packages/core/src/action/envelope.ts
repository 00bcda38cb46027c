/**
 * Seals a draft: validates it, fixes its canonical parameters, gives it its fingerprint and freezes it deeply.
 * Nothing downstream can change what was asked; what is approved and executed is `canonical_parameters`.
 * Does not decide anything and does no I/O.
 */
import { createHash } from "node:crypto";
import { canonicalJson, parseStrictJson } from "@aegisflow/evidence";
import { AegisError, errorText } from "../errors.ts";
import {
  type ActionDraft,
  type ActionEnvelope,
  CAPABILITIES,
  type JsonObject,
  PROTOCOLS,
  TARGET_KINDS,
} from "./action.ts";
import { EFFECT_KINDS } from "./effect.ts";

/** Identifiers longer than this are not identifiers. */
const NAME_CHARS_MAX = 512;
/** A command line, SQL text or prompt. */
const TARGET_CHARS_MAX = 256 * 1024;
/** Canonical parameters of one action, in UTF-16 units. */
const PARAMETERS_CHARS_MAX = 4 * 1024 * 1024;
const EFFECTS_MAX = 2_000;

/** Domain separation: the digest of an action can never be taken for another digest of ours. */
const FINGERPRINT_DOMAIN = "aegisflow.dev/action/v1\0";

export interface SealMarks {
  readonly id: string;
  /** RFC 3339 UTC with microseconds. */
  readonly timestamp: string;
}

/** @throws AegisError `invalid-input` or `too-large`, naming the field. */
export function sealEnvelope(draft: ActionDraft, marks: SealMarks): ActionEnvelope {
  validateDraft(draft);
  const canonicalParameters = canonicalParametersOf(draft);
  const parameters = parsedBack(canonicalParameters);
  const envelope: ActionEnvelope = {
    ...copyOf(draft),
    parameters,
    id: marks.id,
    timestamp: marks.timestamp,
    canonical_parameters: canonicalParameters,
    fingerprint: fingerprintOf(draft, canonicalParameters),
  };
  return deepFreeze(envelope);
}

/**
 * SHA-256, 64 hex, over tenant, actor, protocol, tool, target, capability and canonical parameters.
 * Equal for the same action asked twice by the same principal, whatever the session or time.
 */
export function fingerprintOf(draft: ActionDraft, canonicalParameters: string): string {
  const { actor, protocol, tool, target, requested_capability } = draft;
  const head = canonicalJson([actor.tenant_id, actor.type, actor.id, protocol, tool, target, requested_capability]);
  return createHash("sha256").update(`${FINGERPRINT_DOMAIN}${head}\n${canonicalParameters}`).digest("hex");
}

function canonicalParametersOf(draft: ActionDraft): string {
  let text: string;
  try {
    text = canonicalJson(draft.parameters);
  } catch (cause) {
    throw new AegisError("invalid-input", `parameters cannot be sealed: ${errorText(cause)}`, { cause });
  }
  if (text.length > PARAMETERS_CHARS_MAX) {
    throw new AegisError(
      "too-large",
      `parameters are larger than ${PARAMETERS_CHARS_MAX} characters; send less at once`,
    );
  }
  return text;
}

/** A private copy that no caller holds a reference to, and proof that the text says what it is taken for. */
function parsedBack(canonicalParameters: string): JsonObject {
  try {
    return parseStrictJson(canonicalParameters) as JsonObject;
  } catch (cause) {
    throw new AegisError("invalid-input", `parameters cannot be sealed: ${errorText(cause)}`, { cause });
  }
}

function validateDraft(draft: ActionDraft): void {
  const { actor } = draft;
  requireName("actor.id", actor.id);
  requireName("actor.session_id", actor.session_id);
  requireName("actor.tenant_id", actor.tenant_id);
  requireName("task", draft.task);
  requireName("tool", draft.tool);
  requireMember("actor.type", actor.type, ["user", "agent", "service"]);
  requireMember("protocol", draft.protocol, PROTOCOLS);
  requireMember("requested_capability", draft.requested_capability, CAPABILITIES);
  requireMember("target_kind", draft.target_kind, TARGET_KINDS);
  if (draft.target === "") throw new AegisError("invalid-input", "target is required");
  if (draft.target.length > TARGET_CHARS_MAX) {
    throw new AegisError("too-large", `target is longer than ${TARGET_CHARS_MAX} characters`);
  }
  if (draft.effects.length > EFFECTS_MAX) {
    throw new AegisError("too-large", `the action has more than ${EFFECTS_MAX} operations; split it`);
  }
  for (const effect of draft.effects) requireMember("effect.kind", effect.kind, EFFECT_KINDS);
  if (draft.parameters === null || typeof draft.parameters !== "object" || Array.isArray(draft.parameters)) {
    throw new AegisError("invalid-input", "parameters must be an object");
  }
}

function requireName(field: string, value: string): void {
  if (typeof value !== "string" || value === "") throw new AegisError("invalid-input", `${field} is required`);
  if (value.length > NAME_CHARS_MAX) {
    throw new AegisError("too-large", `${field} is longer than ${NAME_CHARS_MAX} characters`);
  }
}

function requireMember(field: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new AegisError("invalid-input", `${field} \`${value}\` is not one of ${allowed.join(", ")}`);
  }
}

function copyOf(draft: ActionDraft): ActionDraft {
  const { parameters, ...rest } = draft;
  return { ...structuredClone(rest), parameters };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}

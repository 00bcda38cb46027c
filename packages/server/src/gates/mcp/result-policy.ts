/**
 * What a result of an upstream goes through before the agent sees it: its shape and size are checked, and secrets
 * and personal data are taken out of every text where configured. What was found is counted, never kept.
 * Pure. Binary content (images, audio, blobs) is not looked into.
 */
import { AegisError, assertNever, type JsonObject, type JsonValue } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { REDACTION_PATTERNS, type RedactionKind, type RedactionPattern } from "./redaction-patterns.ts";
import { isJsonObject } from "./wire/json-rpc.ts";

export interface ResultPolicy {
  /** Kinds looked for; `pii` stands for email, phone, ssn and credit_card. */
  readonly redact: readonly (RedactionKind | "pii")[];
  readonly action: "redact" | "block";
  readonly resultBytesMax: number;
}

export interface CheckedResult {
  readonly result: JsonObject;
  /** How many of each label were taken out. */
  readonly redactions: Readonly<Record<string, number>>;
}

const PII: readonly RedactionKind[] = ["email", "phone", "ssn", "credit_card"];
/** Data in these members is base64: pictures, sound, files. Taking digits out of it would only break it. */
const BINARY_KEYS = ["data", "blob"];
/** The upstream's own token (2026-07-28): the client must give it back as it is. */
const STATE_KEY = "requestState";

export type ResultMethod = "tools/call" | "prompts/get" | "resources/read" | "completion/complete";

/** @throws AegisError `upstream-failed` malformed; `too-large`; `policy-blocked` when the policy withholds results. */
export function checkResult(
  policy: ResultPolicy,
  method: ResultMethod,
  upstream: string,
  result: JsonObject,
): CheckedResult {
  assertShape(method, upstream, result);
  assertSize(policy, upstream, result);
  const patterns = patternsOf(policy.redact);
  if (patterns.length === 0) return { result, redactions: {} };
  const counts = new Map<string, number>();
  const { [STATE_KEY]: state, ...shown } = result;
  const redacted = redactDeep(shown, patterns, counts);
  if (counts.size > 0 && policy.action === "block") {
    const found = [...counts.keys()].join(", ");
    throw new AegisError("policy-blocked", `the result of upstream \`${upstream}\` was withheld: it contains ${found}`);
  }
  const kept = state === undefined ? {} : { [STATE_KEY]: state };
  return { result: { ...redacted, ...kept }, redactions: Object.fromEntries(counts) };
}

/** Log and progress messages of an upstream reach the agent too, so they are cleaned like results; nothing is withheld. */
export function redactParams(policy: ResultPolicy, params: JsonObject): JsonObject {
  const patterns = patternsOf(policy.redact);
  return patterns.length === 0 ? params : redactDeep(params, patterns, new Map());
}

/** The text with everything of the given kinds replaced, and what was replaced. */
export function redactText(
  text: string,
  kinds: ResultPolicy["redact"],
): { readonly text: string; readonly redactions: Readonly<Record<string, number>> } {
  const counts = new Map<string, number>();
  return { text: redact(text, patternsOf(kinds), counts), redactions: Object.fromEntries(counts) };
}

function patternsOf(kinds: ResultPolicy["redact"]): readonly RedactionPattern[] {
  return REDACTION_PATTERNS.filter(({ kind }) => kinds.includes(kind) || (kinds.includes("pii") && PII.includes(kind)));
}

function redactDeep<T extends JsonValue>(
  value: T,
  patterns: readonly RedactionPattern[],
  counts: Map<string, number>,
): T;
function redactDeep(value: JsonValue, patterns: readonly RedactionPattern[], counts: Map<string, number>): JsonValue {
  if (typeof value === "string") return redact(value, patterns, counts);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, patterns, counts));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isBinary = BINARY_KEYS.includes(key) && typeof value["mimeType"] === "string" && typeof child === "string";
      return [redact(key, patterns, counts), isBinary ? child : redactDeep(child, patterns, counts)];
    }),
  );
}

function redact(text: string, patterns: readonly RedactionPattern[], counts: Map<string, number>): string {
  let rest = text;
  for (const { pattern, label, accept } of patterns) {
    rest = rest.replace(pattern, (match) => {
      if (accept !== undefined && !accept(match)) return match;
      counts.set(label, (counts.get(label) ?? 0) + 1);
      return `[redacted: ${label}]`;
    });
  }
  return rest;
}

function assertSize(policy: ResultPolicy, upstream: string, result: JsonObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes > policy.resultBytesMax) {
    const limit = policy.resultBytesMax;
    throw new AegisError(
      "too-large",
      `upstream \`${upstream}\` answered with ${bytes} bytes, more than ${limit}; ask it for less`,
    );
  }
}

function assertShape(method: ResultMethod, upstream: string, result: JsonObject): void {
  const problem = shapeProblem(method, result);
  if (problem === undefined) return;
  throw new AegisError("upstream-failed", `upstream \`${upstream}\` sent a malformed result: ${problem}`);
}

function shapeProblem(method: ResultMethod, result: JsonObject): string | undefined {
  const resultType = result["resultType"] ?? "complete";
  if (resultType === "input_required") return inputRequiredProblem(method, result);
  if (resultType !== "complete") return `\`resultType\` is not one that was asked for`;
  switch (method) {
    case "tools/call":
      if (result["content"] === undefined && result["structuredContent"] !== undefined) return undefined;
      return blocksProblem("content", result["content"]);
    case "prompts/get":
      return messagesProblem(result["messages"]);
    case "resources/read":
      return contentsProblem(result["contents"]);
    case "completion/complete":
      return completionProblem(result["completion"]);
    default:
      return assertNever(method, "result method");
  }
}

function inputRequiredProblem(method: ResultMethod, result: JsonObject): string | undefined {
  if (method === "completion/complete") return "a completion cannot require input";
  const requests = result["inputRequests"];
  const state = result["requestState"];
  if (requests !== undefined && !isJsonObject(requests)) return "`inputRequests` is not an object";
  if (state !== undefined && typeof state !== "string") return "`requestState` is not a text";
  return requests === undefined && state === undefined ? "it requires input but does not say which" : undefined;
}

function blocksProblem(where: string, blocks: JsonValue | undefined): string | undefined {
  if (!Array.isArray(blocks)) return `\`${where}\` is not a list`;
  const isBlock = (block: JsonValue): boolean => isJsonObject(block) && typeof block["type"] === "string";
  return blocks.every(isBlock) ? undefined : `\`${where}\` holds something that is not a content block`;
}

function messagesProblem(messages: JsonValue | undefined): string | undefined {
  if (!Array.isArray(messages)) return "`messages` is not a list";
  const isMessage = (message: JsonValue): boolean => isJsonObject(message) && isJsonObject(message["content"]);
  return messages.every(isMessage) ? undefined : "`messages` holds something that is not a message";
}

function contentsProblem(contents: JsonValue | undefined): string | undefined {
  if (!Array.isArray(contents)) return "`contents` is not a list";
  const isContent = (item: JsonValue): boolean =>
    isJsonObject(item) && (typeof item["text"] === "string" || typeof item["blob"] === "string");
  return contents.every(isContent) ? undefined : "`contents` holds something without text or blob";
}

function completionProblem(completion: JsonValue | undefined): string | undefined {
  return isJsonObject(completion) && Array.isArray(completion["values"])
    ? undefined
    : "`completion.values` is not a list";
}

/** Results larger than this are committed to by digest and size, not stored whole. */
const COMMITTED_CHARS_MAX = 64 * 1024;

/** What the outcome commits to: the result as the agent got it, or the digest of a large one. */
export function toCommittedResponse(result: JsonObject, digest: (text: string) => string): JsonValue {
  const text = canonicalJson(result);
  return text.length <= COMMITTED_CHARS_MAX ? result : { sha256: digest(text), chars: text.length };
}

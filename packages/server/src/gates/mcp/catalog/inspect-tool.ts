/**
 * Looks at a tool definition the way a language model reads it: text that people cannot see, and text that gives
 * orders instead of describing. A finding sends calls of the tool to review until somebody has accepted it.
 * Pure; every pattern is linear (bounded gaps, no nested or neighbouring repetition of the same characters).
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import { isJsonObject } from "../wire/json-rpc.ts";

export interface Finding {
  readonly kind: "hidden-unicode" | "instruction-like";
  /** Which text: `description`, `inputSchema.properties.path.description`. */
  readonly where: string;
  /** What was seen, safe to print. */
  readonly what: string;
}

/** A definition with more findings than this needs no further reading. */
const FINDINGS_MAX = 20;
const EXCERPT_CHARS_MAX = 80;

/**
 * Invisible characters and formatting controls (`\p{Cf}`: zero-width, bidirectional, tags, soft hyphen), control
 * characters other than tab and line ends, invisible fillers, and supplementary variation selectors.
 */
const HIDDEN = /\p{Cf}|(?![\t\n\r])\p{Cc}|\u115F|\u1160|\u3164|\uFFA0|[\u{E0100}-\u{E01EF}]/gu;
/** A zero-width joiner inside an emoji is part of the picture. */
const EMOJI_JOIN = /\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?\u200D(?=\p{Extended_Pictographic})/gu;

const INSTRUCTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier|other)\s+(?:instruction|rule|prompt|message)/i,
    "tells the model to ignore its instructions",
  ],
  [
    /\b(?:do\s+not|don't|never|without)\s+(?:ever\s+)?(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|alert|show|showing)\b.{0,40}\b(?:user|human|person|anyone)\b/is,
    "asks to keep something from the user",
  ],
  [
    /<\s{0,8}\/?\s{0,8}(?:important|system|instructions?|secret|admin|override|assistant)\s{0,8}>/i,
    "carries a pseudo system tag",
  ],
  [/\b(?:system|developer)\s+prompt\b/i, "speaks of the system prompt"],
  [
    /(?:~|\$HOME|%USERPROFILE%)[/\\]\.(?:ssh|aws|cursor|claude|config|gnupg|kube|docker|netrc|npmrc|env)\b/i,
    "names a file with credentials",
  ],
  [
    /\b(?:id_rsa|id_ed25519|mcp\.json|\.aws\/credentials|\.env file|\/etc\/(?:passwd|shadow))\b/i,
    "names a file with credentials",
  ],
  [
    /\bbefore\s+(?:using|calling|invoking|you\s+use|you\s+call)\b.{0,60}\b(?:any|other|another)\s+tools?\b/is,
    "gives orders about other tools",
  ],
  [
    /\b(?:must|always|should)\s+(?:first\s+)?(?:read|open|load|fetch|send|include|pass|attach)\b.{0,60}\b(?:content|contents|key|keys|token|password|credential|secret|conversation|history)s?\b/is,
    "asks for content to be passed along",
  ],
  [
    /\b(?:instead\s+of|rather\s+than)\s+(?:using|calling)\s+(?:the\s+)?\w{1,64}\s+tool\b/i,
    "redirects calls from another tool",
  ],
  [/\byou\s+are\s+(?:now|no\s+longer)\b/i, "redefines the model's role"],
];

/** Keys whose text a model reads. */
const TEXT_KEYS = ["description", "title", "name", "$comment", "const", "default", "pattern"];

export function inspectTool(definition: JsonObject): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [where, text] of readableTexts(definition)) {
    findings.push(...inspectText(where, text));
    if (findings.length >= FINDINGS_MAX) break;
  }
  return findings.slice(0, FINDINGS_MAX);
}

export function inspectText(where: string, text: string): readonly Finding[] {
  const findings: Finding[] = [];
  const hidden = hiddenCharacters(text);
  if (hidden.length > 0) {
    findings.push({
      kind: "hidden-unicode",
      where,
      what: `hidden characters ${[...new Set(hidden)].slice(0, 8).join(" ")}`,
    });
  }
  const visible = stripHidden(text);
  for (const [pattern, meaning] of INSTRUCTIONS) {
    const match = pattern.exec(visible);
    if (match === null) continue;
    const excerpt = match[0].replace(/\s+/g, " ").slice(0, EXCERPT_CHARS_MAX);
    findings.push({ kind: "instruction-like", where, what: `${meaning}: "${excerpt}"` });
  }
  return findings;
}

/** The text as people see it; joiners inside emoji stay. */
export function stripHidden(text: string): string {
  const keep = text.replace(EMOJI_JOIN, (emoji) => `${emoji.slice(0, -1)}\uE000`);
  return keep.replace(HIDDEN, "").replaceAll("\uE000", "\u200D");
}

/** The definition with every hidden character taken out of its texts; keys are left alone. */
export function stripHiddenDeep<T extends JsonValue>(value: T): T;
export function stripHiddenDeep(value: JsonValue): JsonValue {
  if (typeof value === "string") return stripHidden(value);
  if (Array.isArray(value)) return value.map((item) => stripHiddenDeep(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, stripHiddenDeep(child)]));
}

function hiddenCharacters(text: string): readonly string[] {
  const suspicious = text.replace(EMOJI_JOIN, "").match(HIDDEN) ?? [];
  return suspicious.map((char) => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
}

/** Every text of the definition that reaches a model, with where it stands; property names count as text. */
function* readableTexts(value: JsonValue, where = ""): Generator<readonly [where: string, text: string]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* readableTexts(item, `${where}[${index}]`);
    return;
  }
  if (!isJsonObject(value)) {
    if (typeof value === "string") yield [where, value];
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    const at = where === "" ? key : `${where}.${key}`;
    if (!TEXT_KEYS.includes(key)) yield [at, key];
    yield* readableTexts(child, at);
  }
}

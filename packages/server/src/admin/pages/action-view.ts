/** The action itself on the approval page: what a person must read before saying yes. */
import type { ApprovalItem } from "@aegisflow/core/admin-api/admin-api";
import { type CanonicalInput, parseStrictJson } from "@aegisflow/evidence";
import { type Html, html } from "./html.ts";
import { hasForeignCharacters, hasHidden, visible } from "./visible.ts";

type Envelope = ApprovalItem["envelope"];

/** Texts with lines that are shown a second time as they will arrive; more than that nobody reads. */
const BLOCKS_SHOWN_MAX = 20;

export type Risk = "low" | "medium" | "high";

const RISK_OF_CAPABILITY: Readonly<Record<Envelope["requested_capability"], Risk>> = {
  read: "low",
  write: "medium",
  approve: "high",
  execute: "high",
  delete: "high",
  deploy: "high",
  unknown: "high",
};
const HIGH_EFFECTS: ReadonlySet<string> = new Set([
  "delete",
  "privilege",
  "secret-access",
  "persistence",
  "infra",
  "unknown",
]);

export function riskOf({ requested_capability, effects }: Envelope): Risk {
  if (effects.some(({ kind }) => HIGH_EFFECTS.has(kind))) return "high";
  return RISK_OF_CAPABILITY[requested_capability];
}

export function argumentsView(envelope: Envelope): Html {
  const value = parseStrictJson(envelope.canonical_parameters);
  const text = JSON.stringify(value, null, 2);
  const bytes = Buffer.byteLength(envelope.canonical_parameters);
  return html`<section><h2>Exact arguments <small>${bytes} bytes · action ${envelope.fingerprint.slice(0, 16)}</small></h2>
<pre>${visible(text, { keepLines: true })}</pre>${warningsOf(text)}${blocksOf(value)}</section>`;
}

export function effectsView({ effects }: Envelope): Html | undefined {
  if (effects.length === 0) return undefined;
  const rows = effects.map(
    ({
      kind,
      operation,
      paths = [],
      hosts = [],
      refs = [],
      tables = [],
      flags = [],
    }) => html`<tr><td>${visible(kind)}</td>
<td><code>${visible(operation)}</code></td><td>${wordList([...paths, ...hosts, ...refs, ...tables])}</td><td>${wordList(flags)}</td></tr>`,
  );
  return html`<section><h2>Effects</h2><table><thead><tr><th>Kind</th><th>Operation</th><th>On</th><th>Facts</th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}

function wordList(words: readonly string[]): Html {
  return html`${words.map((word, index) => html`${index === 0 ? "" : ", "}<code>${visible(word)}</code>`)}`;
}

function warningsOf(text: string): Html {
  const hidden = hasHidden(text.replaceAll("\n", ""));
  const foreign = hasForeignCharacters(text);
  return html`${hidden && html`<p class="note bad">The arguments hold characters that do not print; they are marked.</p>`}
${foreign && html`<p class="note">The arguments hold characters that are not ASCII; some look like others.</p>`}`;
}

/** Texts of several lines (a file, a message, a statement) as lines, each under its place in the arguments. */
function blocksOf(value: CanonicalInput): Html {
  const found = [...textsWithLines(value, "")];
  const blocks = found
    .slice(0, BLOCKS_SHOWN_MAX)
    .map(
      ({ at, text }) =>
        html`<h2><code>${visible(at)}</code> <small>as lines</small></h2><pre>${visible(text, { keepLines: true })}</pre>`,
    );
  const rest = found.length - blocks.length;
  return html`${blocks}${rest > 0 && html`<p class="soft">${rest} more texts stand in the arguments above.</p>`}`;
}

function* textsWithLines(value: CanonicalInput, at: string): Generator<{ readonly at: string; readonly text: string }> {
  if (typeof value === "string" && value.includes("\n")) yield { at, text: value };
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield* textsWithLines(child, at === "" ? key : `${at}.${key}`);
  }
}

/**
 * Session reports for people who were not there: Markdown, one self-contained HTML page, and text for a terminal.
 * Everything that comes from a bundle is escaped for where it stands.
 */
import type { LegacyReport } from "./legacy-bundle.ts";
import { type SessionRow, type SessionView, sessionView } from "./session-view.ts";
import type { BundleReport } from "./verify-bundle.ts";
import { toHtmlText, toMarkdownText, toVisible } from "./visible-text.ts";

export interface ReportOptions {
  /** Shown as the time of the report; left out when undefined, so that equal bundles give equal reports. */
  readonly generatedAt?: string;
}

const COLUMNS: readonly (readonly [title: string, column: keyof SessionRow])[] = [
  ["#", "seq"],
  ["Time", "time"],
  ["Tool", "tool"],
  ["Target", "target"],
  ["Decision", "decision"],
  ["Rule", "rule"],
  ["Approver", "approver"],
  ["Outcome", "outcome"],
];

const VERDICT_TITLES = {
  consistent: "Consistent: nothing was changed",
  complete: "Complete: nothing was left out",
  existed_at: "Existed at: others saw it in time",
  paired: "Paired: every decision has its outcome",
} as const;

/** A Markdown report. */
export function renderMarkdown(report: BundleReport | LegacyReport, options: ReportOptions = {}): string {
  const view = sessionView(report);
  const row = (cells: readonly string[]): string => `| ${cells.map(toMarkdownText).join(" | ")} |`;
  const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
    [row(titles), `|${" --- |".repeat(titles.length)}`, ...rows.map(row)].join("\n");
  const sections = [
    `# Evidence Report: ${toMarkdownText(view.session)}`,
    ...(options.generatedAt === undefined ? [] : [`**Generated:** ${toMarkdownText(options.generatedAt)}`]),
    "## Summary",
    table(["Metric", "Value"], view.facts),
    "## Integrity",
    table(["Claim", "Verdict", "Why"], integrityRows(view)),
    `Disclosure: ${toMarkdownText(view.disclosure)}.`,
    ...view.notes.map((note) => `- Note: ${toMarkdownText(note)}`),
    "## Action Timeline",
    table(columnTitles(), timelineRows(view)),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A self-contained HTML page: no scripts, no requests. */
export function renderHtml(report: BundleReport | LegacyReport, options: ReportOptions = {}): string {
  const view = sessionView(report);
  const cells = (tag: string, texts: readonly string[]): string =>
    texts.map((text) => `<${tag}>${toHtmlText(text)}</${tag}>`).join("");
  const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
    `<table><thead><tr>${cells("th", titles)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n")}</tbody></table>`;
  const generated = options.generatedAt === undefined ? "" : `<p>Generated ${toHtmlText(options.generatedAt)}</p>`;
  const notes = view.notes.map((note) => `<li>${toHtmlText(note)}</li>`).join("");
  const verdicts = view.verdicts.map(
    ([name, { verdict }]) => `<span class="${verdictClass(verdict)}">${toHtmlText(`${label(name)} ${verdict}`)}</span>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence Report: ${toHtmlText(view.session)}</title><style>${STYLE}</style></head><body>
<h1>Evidence Report: ${toHtmlText(view.session)}</h1>${generated}<p class="verdicts">${verdicts.join(" ")}</p>
<h2>Summary</h2>${table(["Metric", "Value"], view.facts)}
<h2>Integrity</h2>${table(["Claim", "Verdict", "Why"], integrityRows(view))}
<p>Disclosure: ${toHtmlText(view.disclosure)}.</p><ul>${notes}</ul>
<h2>Action Timeline</h2>${table(columnTitles(), timelineRows(view))}
</body></html>
`;
}

/** The verdicts as lines for a terminal. */
export function renderTerminal(report: BundleReport | LegacyReport): string {
  const view = sessionView(report);
  const lines = view.verdicts.flatMap(([name, { verdict, summary, reasons }]) => [
    `${label(name).padEnd(11)} ${verdict.padEnd(11)} ${toVisible(summary)}`.trimEnd(),
    ...reasons.map((reason) => `${" ".repeat(24)}${toVisible(reason)}`),
  ]);
  return [
    ...lines,
    `disclosure  ${view.disclosure}`,
    ...view.notes.map((note) => `note        ${toVisible(note)}`),
    "",
  ].join("\n");
}

function label(name: string): string {
  return name.replace("_", "-");
}

function integrityRows(view: SessionView): readonly (readonly string[])[] {
  return view.verdicts.map(([name, { verdict, summary, reasons }]) => [
    VERDICT_TITLES[name],
    verdict,
    reasons.join("; ") || summary,
  ]);
}

function columnTitles(): readonly string[] {
  return COLUMNS.map(([title]) => title);
}

function timelineRows(view: SessionView): readonly (readonly string[])[] {
  return view.rows.map((row) => COLUMNS.map(([, column]) => row[column]));
}

function verdictClass(verdict: string): string {
  return verdict === "PASS" ? "pass" : verdict === "FAIL" ? "fail" : "unchecked";
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{border:1px solid #d0d7de;padding:.35rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f6f8fa}.verdicts span{display:inline-block;border-radius:1rem;padding:.15rem .8rem;margin:0 .3rem .3rem 0;font-weight:600}
.pass{background:#dafbe1;color:#116329}.fail{background:#ffebe9;color:#a40e26}.unchecked{background:#eaeef2;color:#424a53}
@media print{body{margin:0;max-width:none}}`;

import { describe, expect, test } from "bun:test";
import { utf8Encode } from "./encoding.ts";
import { verifyLegacyBundle } from "./legacy-bundle.ts";
import { createEd25519Signer, nodeCrypto } from "./node-crypto.ts";
import { renderHtml, renderMarkdown, renderTerminal } from "./report.ts";
import { MemoryLog, SYSTEM } from "./simulation/memory-log.ts";
import { seededRandom } from "./simulation/seeded-random.ts";
import { type BundleReport, verifyBundle } from "./verify-bundle.ts";
import { toHtmlText, toMarkdownText, toVisible } from "./visible-text.ts";

const HOSTILE = [
  "\u001b[2J\u001b[31mred",
  "a | b\n| forged | row |",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  '=HYPERLINK("http://evil","click")',
  "@SUM(1+1)",
  "[click](javascript:alert(1))",
  "abc\u202egnp.exe",
  "zero\u200bwidth\u2028line",
  "tag\u{e0041}\u{e0042}",
  "`code` **bold** # head",
  "x".repeat(5000),
];

/** A session whose agent writes whatever it likes into every field it controls. */
async function hostileReport(): Promise<BundleReport> {
  const random = seededRandom(8);
  const log = new MemoryLog({ hash: nodeCrypto, random, signer: createEd25519Signer(random.bytes(32)), witnesses: [] });
  const policy = `sha256:${"a".repeat(64)}`;
  log.append({ ...SYSTEM, kind: "policy.load", p: { policy } });
  HOSTILE.forEach((text, i) => {
    const fp = String(i).padStart(64, "0");
    const rule = text.length < 500 && !/\p{Cc}/u.test(text) ? text : "r";
    const decision = log.append({
      tenant: "t",
      sid: "<b>s</b>",
      kind: "decision",
      p: { effect: "review", policy, fp, rule },
      disclosures: { tool: text, target: { path: text } },
    });
    const request = log.append({
      tenant: "t",
      sid: "<b>s</b>",
      kind: "approval.request",
      p: { approval: fp, fp },
      ref: { decision: decision.leaf },
    });
    const vote = log.append({
      tenant: "t",
      sid: "<b>s</b>",
      kind: "approval.vote",
      p: { vote: "approve", approval: fp, fp, reviewer_ref: "r", requester_ref: "q" },
      ref: { request: request.leaf },
      disclosures: { reviewer: text },
    });
    log.append({
      tenant: "t",
      sid: "<b>s</b>",
      kind: "approval.consume",
      p: { approval: fp, fp },
      ref: { decision: decision.leaf, vote: vote.leaf },
    });
    log.append({
      tenant: "t",
      sid: "<b>s</b>",
      kind: "outcome",
      p: { status: "executed", fp },
      ref: { decision: decision.leaf },
      disclosures: { response: "" },
    });
  });
  return verifyBundle(utf8Encode(log.exportBundle("t", "<b>s</b>")), { crypto: nodeCrypto });
}

describe("reports", () => {
  test("show each decision with its rule, approver and outcome", async () => {
    const report = await hostileReport();
    expect(report.verdicts.paired.verdict).toBe("PASS");
    const markdown = renderMarkdown(report, { generatedAt: "2026-11-23T12:00:00Z" });
    expect(markdown).toContain("| \\# | Time | Tool | Target | Decision | Rule | Approver | Outcome |");
    expect(markdown).toContain(`| Executed | ${HOSTILE.length} |`);
    expect(markdown).toContain("**Generated:** 2026-11-23T12:00:00Z");
    expect(markdown).toContain("| Paired: every decision has its outcome | PASS |");
    expect(renderHtml(report)).toContain("<td>executed</td>");
    expect(renderTerminal(report)).toMatch(/^consistent {2}PASS/);
  });

  test("are only data: no row, tag, formula, escape or hidden letter comes from the bundle", async () => {
    const report = await hostileReport();
    const markdown = renderMarkdown(report);
    const html = renderHtml(report);
    const timeline = markdown.slice(markdown.indexOf("## Action Timeline")).trim().split("\n").slice(4);
    expect(timeline.length).toBe(HOSTILE.length);
    // Eight cells each: only unescaped bars separate.
    for (const row of timeline) expect(row.replaceAll("\\\\", "").replaceAll("\\|", "").split("|").length).toBe(10);
    for (const output of [markdown, html, renderTerminal(report)])
      expect(output.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(html).not.toMatch(/<(?:script|img|b)\b/);
    expect(html.match(/<tr>/g)?.length).toBe(HOSTILE.length + 1 + 5 + 12);
    expect(html).not.toMatch(/<td>[=+\-@]/);
    expect(markdown).not.toMatch(/\| [=+@]/);
    expect(markdown).not.toContain("](javascript");
    expect(html).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
  });

  test("mark what is withheld, redacted or does not match instead of showing it", async () => {
    const report = await hostileReport();
    const states = [...report.fields.keys()];
    for (const state of ["withheld", "redacted", "mismatched"] as const) {
      const fields = new Map(states.map((key) => [key, state]));
      expect(renderMarkdown({ ...report, fields })).toContain(`\\[${state}\\]`);
      expect(renderMarkdown({ ...report, fields })).not.toContain("xxxx");
    }
  });

  test("say why a bundle could not be read, and show old bundles", async () => {
    expect(renderMarkdown(await verifyBundle(utf8Encode("junk"), { crypto: nodeCrypto }))).toContain(
      "line 1 does not end in a newline",
    );
    const old = verifyLegacyBundle(utf8Encode('{"session_id":"s","records":[],"count":0,"last_hash":""}'), {
      hash: nodeCrypto,
    });
    expect(renderHtml(old)).toContain("bundle of the earlier product");
    expect(renderTerminal(old)).toContain("complete    NOT CHECKED");
  });
});

describe("text from bundles", () => {
  test("stays recognisable", () => {
    expect(toVisible("a\u001b[0mé☃\u202e")).toBe("a\\u{1b}[0mé☃\\u{202e}");
    expect(toVisible("x".repeat(300)).length).toBe(201);
    expect(toHtmlText("-rf & co")).toBe("&#39;-rf &amp; co");
    expect(toMarkdownText("acme/repo_name")).toBe("acme/repo\\_name");
    expect(toVisible(`${"x".repeat(199)}😀`).isWellFormed()).toBe(true);
  });
});

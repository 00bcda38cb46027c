/**
 * `aegisflow-verify`: checks a bundle offline. Built to one file without dependencies that runs on Node >= 20 and
 * Bun. Exit status: 0 nothing failed (and everything required passed), 2 a verdict failed, 1 wrong use.
 */
import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { BUNDLE_LIMITS } from "./bundle-parse.ts";
import { errorMessage } from "./evidence-error.ts";
import { VERDICT_NAMES, type VerdictName } from "./findings.ts";
import { isLegacyBundle, type LegacyReport, verifyLegacyBundle } from "./legacy-bundle.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { renderHtml, renderMarkdown, renderTerminal } from "./report.ts";
import { parseTrustPolicy } from "./trust-policy.ts";
import { type BundleReport, verifyBundle } from "./verify-bundle.ts";
import { toVisible } from "./visible-text.ts";

const USAGE = `usage: aegisflow-verify [options] BUNDLE

Checks an evidence bundle without any network and prints four verdicts.

  --policy FILE      whom you trust (C2SP tlog-policy); without it nobody vouches for the checkpoint
  --require NAMES    verdicts that must be PASS, with commas: consistent, complete, existed-at, paired, or all
  --json             print the result as JSON
  --report FORMAT    print a session report: md or html
  --legacy-key FILE  signing key of the earlier product, for its bundles
  --help             print this text

Exit status: 0 nothing failed, 2 a verdict failed or a required one did not pass, 1 wrong use.
`;

interface Request {
  readonly file: string;
  readonly policy: string | undefined;
  readonly legacyKey: string | undefined;
  readonly required: readonly VerdictName[];
  readonly output: "text" | "json" | "md" | "html";
}

export interface CliResult {
  readonly status: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command without touching the process. */
export async function runVerifyCli(argv: readonly string[]): Promise<CliResult> {
  try {
    const request = readArguments(argv);
    if (request === "help") return { status: 0, stdout: USAGE, stderr: "" };
    const report = await verifyFile(request);
    return { status: statusOf(report, request.required), stdout: print(report, request.output), stderr: "" };
  } catch (error) {
    return { status: 1, stdout: "", stderr: `aegisflow-verify: ${toVisible(errorMessage(error))}\n` };
  }
}

function readArguments(argv: readonly string[]): Request | "help" {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      policy: { type: "string" },
      require: { type: "string" },
      json: { type: "boolean" },
      report: { type: "string" },
      "legacy-key": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return "help";
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Error("name exactly one bundle; see --help");
  const { report } = values;
  if (report !== undefined && report !== "md" && report !== "html") throw new Error("--report is md or html");
  const output = values.json === true ? "json" : (report ?? "text");
  return {
    file,
    policy: values.policy,
    legacyKey: values["legacy-key"],
    required: readRequired(values.require),
    output,
  };
}

function readRequired(text: string | undefined): readonly VerdictName[] {
  if (text === undefined) return [];
  if (text === "all") return VERDICT_NAMES;
  return text.split(",").map((word) => {
    const name = VERDICT_NAMES.find((known) => known === word.replace("-", "_"));
    if (name === undefined) throw new Error("--require names consistent, complete, existed-at, paired or all");
    return name;
  });
}

async function verifyFile({ file, policy, legacyKey }: Request): Promise<BundleReport | LegacyReport> {
  const { size } = statSync(file);
  if (size > BUNDLE_LIMITS.bytesMax) throw new Error(`the bundle is longer than ${BUNDLE_LIMITS.bytesMax} bytes`);
  const bytes = new Uint8Array(readFileSync(file));
  const trust = policy === undefined ? undefined : parseTrustPolicy(nodeCrypto, readFileSync(policy, "utf8"));
  if (isLegacyBundle(bytes)) {
    const key = legacyKey === undefined ? undefined : new Uint8Array(readFileSync(legacyKey));
    return verifyLegacyBundle(bytes, { hash: nodeCrypto, key });
  }
  return verifyBundle(bytes, { crypto: nodeCrypto, policy: trust });
}

function statusOf({ verdicts }: BundleReport | LegacyReport, required: readonly VerdictName[]): 0 | 2 {
  const failed = VERDICT_NAMES.some((name) => verdicts[name].verdict === "FAIL");
  return failed || required.some((name) => verdicts[name].verdict !== "PASS") ? 2 : 0;
}

function print(report: BundleReport | LegacyReport, output: Request["output"]): string {
  switch (output) {
    case "md":
      return renderMarkdown(report);
    case "html":
      return renderHtml(report);
    case "json":
      return `${JSON.stringify(toJson(report), undefined, 2)}\n`;
    default:
      return renderTerminal(report);
  }
}

/** The stable machine form; the second verifier prints the same. */
function toJson(report: BundleReport | LegacyReport): object {
  const { format, verdicts, notes } = report;
  if (report.format === "legacy") return { format, verdicts, notes, records: report.records.length };
  const { disclosure, pairing, bundle } = report;
  return { format, verdicts, disclosure, pairing, notes, records: bundle?.records.length ?? 0 };
}

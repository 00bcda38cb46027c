/** Runs the conformance suite once, as a process on Node 24, and reads its summary. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

export const REPOSITORY = resolve(import.meta.dirname, "../..");
export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

/** What the product runs on; the suite itself always runs on Node 24. */
export type ProductRuntime = "bun" | "node";

const NODE = join(REPOSITORY, "node_modules/.bin/node");

export function programOf(runtime: ProductRuntime): string {
  return runtime === "bun" ? process.execPath : NODE;
}

const SUITE = join(REPOSITORY, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
/** One side of one revision takes seconds; a hanging scenario is a failure, not a hanging build. */
const SUITE_MS_MAX = 120_000;

export interface Scenario {
  readonly name: string;
  readonly isPassed: boolean;
}

/** Something that has to hold beside the scenarios. */
export interface Proof {
  readonly claim: string;
  readonly isHeld: boolean;
}

export interface SuiteRun {
  readonly revision: Revision;
  /** `client`, or `server` with how the gateway reaches the fixture. */
  readonly side: string;
  readonly required: readonly Scenario[];
  /** Extensions and later additions: run, shown, never counted. */
  readonly optional: readonly Scenario[];
  readonly proofs: readonly Proof[];
}

export interface SuiteResult {
  readonly required: readonly Scenario[];
  readonly optional: readonly Scenario[];
  readonly output: string;
}

/** @throws Error when the suite did not get as far as a summary. */
export async function runRequirements(
  side: "server" | "client",
  target: readonly string[],
  revision: Revision,
): Promise<SuiteResult> {
  const output = await runSuite([side, ...target, "--requirements", revision]);
  const scenarios = [...output.matchAll(/^([✓✗]) ([\w/.-]+): \d+ passed/gmu)].map(([, mark, name = ""]) => ({
    name,
    isPassed: mark === "✓",
  }));
  const optionalNames = new Set(
    [...output.matchAll(/^ {2}[✓✗] ([\w/.-]+) \((?:extension|added-after-release|pending)\)/gmu)].map(
      ([, name]) => name,
    ),
  );
  if (scenarios.length === 0) throw new Error(`the conformance suite printed no summary:\n${output.slice(-4000)}`);
  return {
    output,
    required: scenarios.filter(({ name }) => !optionalNames.has(name)),
    optional: scenarios.filter(({ name }) => optionalNames.has(name)),
  };
}

/** What the suite printed, without colours; its exit status is not of interest. */
export function runSuite(args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(NODE, [SUITE, ...args], { cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), SUITE_MS_MAX);
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", fail);
    child.on("close", () => {
      clearTimeout(timer);
      done(stripVTControlCharacters(output));
    });
  });
}

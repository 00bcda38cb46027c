import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CAPABILITIES, PROTOCOLS } from "../action/action.ts";
import { EFFECT_KINDS } from "../action/effect.ts";
import { DECISIONS } from "../decision/decision.ts";
import type { AegisConfigInput } from "./config-schema.ts";
import { formatProblem } from "./key-path.ts";
import { CONFIG_ERRORS } from "./parse-config.corpus.ts";
import { parseConfig } from "./parse-config.ts";
import { parsePolicyPack } from "./parse-policy-pack.ts";
import { printYaml } from "./print-config.ts";

/** Texts tried per fuzz test: five seconds or so. AEGISFLOW_FUZZ_RUNS overrides it. */
const FUZZ_TIMEOUT_MS = 120_000;
export const FUZZ_RUNS = Number(process.env["AEGISFLOW_FUZZ_RUNS"] ?? "5000");

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);
const glob = fc.oneof(
  fc.constantFrom(
    "*",
    "github.*",
    "**/.ssh/**",
    "docs/{a,b}/*.md",
    "git push --force*",
    "a[bc]?",
    "\\*",
    "${X} $${Y}",
    "# no comment",
    "yes",
    "1",
    "- a: b",
  ),
  fc.string({ minLength: 1, maxLength: 20 }).map((text) => text.replaceAll(/[[\]{}\\,]/g, "x") || "x"),
);
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));

const rule = fc.record(
  {
    tool: glob,
    protocol: fc.constantFrom(...PROTOCOLS, "*" as const, "" as const),
    target: glob,
    capability: fc.constantFrom(...CAPABILITIES, "*" as const, "" as const),
    effects: some(fc.constantFrom(...EFFECT_KINDS)),
    paths: some(glob),
    refs: some(glob),
    args: fc.dictionary(name, some(fc.oneof(glob, fc.integer(), fc.boolean()))),
    tenant: some(glob),
    decision: fc.constantFrom(...DECISIONS),
    reason: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("${X} $${Y} ${", "$${", "${")),
  },
  { requiredKeys: ["tool", "decision"] },
);

const key = fc.stringMatching(/^[A-Za-z0-9$]{16,32}$/);
const tenants = fc
  .uniqueArray(fc.tuple(name, fc.string(), key), { maxLength: 3, selector: ([id]) => id })
  .map((list) =>
    list.map(([id, title, secret], index) => ({ id: `t-${id}`, name: title, api_keys: [`${secret}-${index}`] })),
  );

const config: fc.Arbitrary<AegisConfigInput> = fc.record(
  {
    server: fc.record(
      { port: fc.integer({ min: 9000, max: 9999 }), graceful_shutdown: fc.constantFrom("1s", "1m30s", "0s") },
      { requiredKeys: [] },
    ),
    logging: fc.record(
      { level: fc.constantFrom("debug", "warn"), format: fc.constantFrom("json", "text") },
      { requiredKeys: [] },
    ),
    data_dir: fc.string({ minLength: 1 }),
    tenants,
    tool_policies: fc.record(
      {
        default_decision: fc.constantFrom(...DECISIONS),
        rules: fc.array(rule, { maxLength: 4 }),
        rules_after: fc.array(rule, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
    mcp_gateway: fc.record(
      {
        enabled: fc.boolean(),
        wait_for_approval: fc.constantFrom("0s", "60s"),
        upstreams: fc.uniqueArray(
          fc.record({
            name,
            command: fc.string({ minLength: 1 }),
            args: fc.array(fc.string()),
            env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), fc.string()),
          }),
          { maxLength: 3, selector: (upstream) => upstream.name },
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe("a printed configuration", () => {
  test(
    "parses to itself, whatever its texts hold",
    () => {
      fc.assert(
        fc.property(config, (input) => {
          const first = parseConfig(printYaml(input), "a.yaml", {});
          if (first.kind === "errors") throw new Error(first.errors.map(formatProblem).join("\n"));
          const second = parseConfig(printYaml(first.config), "a.yaml", {});
          if (second.kind === "errors") throw new Error(second.errors.map(formatProblem).join("\n"));
          expect(second.config).toEqual(first.config);
          expect(second.unexpanded).toEqual({});
        }),
        { numRuns: Math.ceil(FUZZ_RUNS / 10) },
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

const fragment = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    "\n",
    "\n  ",
    "  - ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "? ",
    "|\n ",
    ">-\n ",
    "---\n",
    "%YAML 1.2\n",
    "'",
    '"',
    "\t",
    "#",
    "${X}",
    "${",
    "$${",
    "\\u0000",
    "\u0000",
    "\ud800",
    "\u2028",
  ),
  fc.constantFrom(
    "server",
    "tenants",
    "tool_policies",
    "rules",
    "tool",
    "decision",
    "allow",
    "mcp_gateway",
    "upstreams",
    "providers",
    "__proto__",
    "constructor",
    "toString",
  ),
);
const noise = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""));
const damaged = fc
  .record({
    text: fc.constantFrom(...CONFIG_ERRORS.map(([, text]) => text)),
    at: fc.nat(400),
    cut: fc.nat(5),
    insert: fragment,
  })
  .map(({ text, at, cut, insert }) => `${text.slice(0, at)}${insert}${text.slice(at + cut)}`);

describe("any text at all", () => {
  test(
    "is a configuration or a list of placed problems, never a throw",
    () => {
      fc.assert(
        fc.property(fc.oneof(noise, damaged), (text) => {
          const result = parseConfig(text, "a.yaml", { X: "x: [1]" }, { packNames: ["pr-writer"] });
          const problems = result.kind === "errors" ? result.errors : result.warnings;
          if (result.kind === "errors") expect(problems.length).toBeGreaterThan(0);
          const lines = text.split(/\r\n|\n|\r/).length;
          for (const problem of problems) {
            expect(problem.line).toBeGreaterThanOrEqual(1);
            expect(problem.line).toBeLessThanOrEqual(lines + 1);
            expect(problem.column).toBeGreaterThanOrEqual(1);
            expect(problem.message).not.toMatch(/^(?:Invalid|Too )|undefined|\[object|\.$/);
          }
        }),
        { numRuns: FUZZ_RUNS },
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  test(
    "is a pack or a list of placed problems, never a throw",
    () => {
      fc.assert(
        fc.property(fc.oneof(noise, damaged), (text) => {
          const result = parsePolicyPack(text, "a.yaml");
          if (result.kind === "errors") expect(result.errors.length).toBeGreaterThan(0);
        }),
        { numRuns: Math.ceil(FUZZ_RUNS / 3) },
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

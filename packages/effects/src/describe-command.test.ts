/** The corpus of past bypasses and false alarms, limits, and a fuzz that nothing makes throw or hang. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Effect } from "@aegisflow/core";
import fc from "fast-check";
import { COMMAND_LENGTH_MAX, type CommandDescription, describeCommand } from "./describe-command.ts";

/** Random command texts per run of the suite; CI leaves the default. */
const FUZZ_RUNS = Number(process.env["AEGISFLOW_COMMAND_FUZZ_RUNS"] ?? 3_000);
/** What takes longer hangs, even on a busy machine: a guard against blow-ups, not a measurement (that is in bench/). */
const SLOWEST_MS = 20_000;

const CORPUS = readFileSync(join(import.meta.dirname, "corpus", "commands.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line): [expected: string, command: string] => {
    const at = line.startsWith(":: ") ? 0 : line.indexOf(" :: ");
    return [line.slice(0, at), line.slice(at + 4).replaceAll("⏎", "\n")];
  });

describe("describeCommand()", () => {
  test.each(CORPUS)("%s :: %s", (expected, command) => {
    expect(unmet(expected, describeCommand(command))).toEqual([]);
  });

  test("knows the workspace and the home", () => {
    const world = { workspace: "/projects/app", home: "/home/u" };
    const facts = (text: string): unknown =>
      describeCommand(text, world).effects.map(({ paths, flags }) => ({ paths, flags }));
    expect(facts("cat /projects/app/docs/a.md")).toEqual([{ paths: ["docs/a.md"], flags: undefined }]);
    expect(facts("cat ../x")).toEqual([{ paths: ["/projects/x"], flags: ["outside-workspace"] }]);
    expect(facts("ls ~/x")).toEqual([{ paths: ["/home/u/x"], flags: ["outside-workspace"] }]);
    expect(facts("rm -rf /projects/app")).toEqual([{ paths: ["."], flags: ["recursive", "force", "workspace-root"] }]);
  });

  test("refuses what is too long, and says so", () => {
    const description = describeCommand(`ls ${"a".repeat(COMMAND_LENGTH_MAX)}`);
    expect(description).toMatchObject({ capability: "unknown", unknown: expect.stringContaining("longer than") });
  });

  test("a text that hides what it says is unknown", () => {
    expect(describeCommand("ls \u202e fr- mr").capability).toBe("unknown");
    expect(describeCommand("ls \0 x").capability).toBe("unknown");
  });

  test.each<[string, string]>([
    ["substitutions", "$(".repeat(32_000)],
    ["closed substitutions", "$(echo ".repeat(7_000) + ")".repeat(7_000)],
    ["quoted substitutions", `"$(echo `.repeat(7_000)],
    ["backticks", "`".repeat(64_000)],
    ["arithmetic", "$((".repeat(20_000)],
    ["wrappers", "sudo ".repeat(13_000)],
    ["evaluations", `${"eval ".repeat(10_000)}ls`],
    ["loops", `${"for a in 1 2 3 4 5 6 7 8; do ".repeat(60)}rm $a;${" done;".repeat(60)}`],
    [
      "calls",
      `${Array.from({ length: 15 }, (_, i) => `f${i}(){ f${i + 1};f${i + 1};f${i + 1};};`).join("")}f15(){ rm x;}; f0`,
    ],
    ["doubling variables", `A=xxxx;${"A=$A$A;".repeat(4_000)}rm $A`],
    ["braces", `rm ${"{a,b}".repeat(30)}`],
    ["wildcards", "*[".repeat(30_000)],
    ["regular expressions of awk", `awk '${"/".repeat(60_000)}'`],
    ["statements", "a;".repeat(30_000)],
  ])("ends soon on nested %s", (_name, text) => {
    const started = performance.now();
    const { effects } = describeCommand(text.slice(0, COMMAND_LENGTH_MAX));
    expect(effects.length).toBeLessThanOrEqual(2_000);
    expect(performance.now() - started).toBeLessThan(SLOWEST_MS);
  });

  test("never throws and never hangs", () => {
    fc.assert(
      fc.property(textArbitrary, (text) => {
        const started = performance.now();
        describeCommand(text);
        expect(performance.now() - started).toBeLessThan(SLOWEST_MS);
      }),
      { numRuns: FUZZ_RUNS },
    );
  }, 120_000);

  test("what is joined is at least as strict as its parts", () => {
    const lines = CORPUS.map(([, command]) => command).filter(
      (command) => !/[\n`(]|unterminated|if true/.test(command),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...lines),
        fc.constantFrom(...lines),
        fc.constantFrom(" && ", "; ", " | ", " || "),
        (a, b, operator) => {
          const joined = rank(describeCommand(a + operator + b));
          expect(joined).toBeGreaterThanOrEqual(rank(describeCommand(a)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

const RANKS = ["read", "write", "execute", "approve", "deploy", "delete", "unknown"];

function rank({ capability }: CommandDescription): number {
  return RANKS.indexOf(capability);
}

const words =
  "rm -rf / sudo env git push -f cat .env echo $X ${Y:-z} $(ls) `pwd` | && ; & > >> < << <<< EOF \n ( ) { } [[ ]] if then fi for in do done case esac while ' \" \\ * ? [a] {a,b} $((1+1)) <(x) >(y) =a A=b eval sh -c xargs find -exec {} + ! : # ~ .. ; \t".split(
    " ",
  );
const textArbitrary = fc.oneof(
  fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(" ")),
  fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 200 }),
);

/** What of the expectation does not hold. */
function unmet(expected: string, description: CommandDescription): string[] {
  const [conditions, line] = expected.split(/(?:^| )~/);
  const { effects, capability } = description;
  const missing = (conditions ?? "").split(" ").filter((word) => word !== "" && !holds(word, capability, effects));
  const shown = line === undefined || effects.some(({ argv }) => argv?.join(" ") === line);
  return shown ? missing : [...missing, `~${line}, got ${effects.map(({ argv }) => argv?.join(" ")).join(" | ")}`];
}

function holds(word: string, capability: string, effects: readonly Effect[]): boolean {
  const rest = word.slice(1);
  if (word.startsWith("+")) return effects.some(({ kind }) => kind === rest);
  if (word.startsWith("-")) return !effects.some(({ kind }) => kind === rest);
  if (word.startsWith("#")) return effects.some(({ flags }) => flags?.includes(rest));
  if (word.startsWith("!")) return !effects.some(({ flags }) => flags?.includes(rest));
  if (word.startsWith("@")) return effects.some(({ operation }) => operation === rest);
  const [key, value = ""] = word.split("=");
  if (key === "path") return effects.some(({ paths }) => paths?.includes(value));
  if (key === "host") return effects.some(({ hosts }) => hosts?.includes(value));
  if (key === "ref") return effects.some(({ refs }) => refs?.includes(value));
  return word === capability;
}

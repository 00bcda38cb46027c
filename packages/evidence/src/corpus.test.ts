/** The frozen corpus: both verifiers, in two languages, agree on every honest and every tampered bundle. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromBase64 } from "./encoding.ts";
import { type CorpusCase, expectationOf } from "./simulation/generate-corpus.ts";

const TIMEOUT_MS = 120_000;
const CORPUS = join(import.meta.dir, "../corpus");
const CORPUS_BYTES_MAX = 3_000_000;
const CASES: readonly CorpusCase[] = JSON.parse(readFileSync(join(CORPUS, "cases.json"), "utf8"));

function bytesOf({ base, parts }: CorpusCase): Uint8Array {
  const source = new Uint8Array(readFileSync(join(CORPUS, base)));
  return Uint8Array.from(
    parts.flatMap((part) => [...(typeof part === "string" ? fromBase64(part) : source.slice(part[0], part[1]))]),
  );
}

test(
  "our verifier finds in the corpus what it always found",
  async () => {
    for (const one of CASES) {
      const policy = one.policy === null ? undefined : readFileSync(join(CORPUS, one.policy), "utf8");
      expect({ name: one.name, ...(await expectationOf(bytesOf(one), policy)) }).toEqual({
        name: one.name,
        ...one.expect,
      });
    }
  },
  TIMEOUT_MS,
);

test("the corpus holds some 200 tampered bundles, none of which passes, in a small space", () => {
  const tampered = CASES.filter(({ name }) => / \(\d\)$/.test(name));
  expect(tampered.length).toBeGreaterThanOrEqual(200);
  for (const { name, expect: found } of tampered) {
    if (Object.values(found.verdicts).every((verdict) => verdict === "PASS")) throw new Error(`passes: ${name}`);
  }
  const bytes = readdirSync(CORPUS).reduce((sum, file) => sum + statSync(join(CORPUS, file)).size, 0);
  expect(bytes).toBeLessThan(CORPUS_BYTES_MAX);
});

const missing = ["python3", "openssl"].filter((tool) => Bun.which(tool) === null);
test.skipIf(missing.length > 0)(
  missing.length > 0
    ? `the second verifier agrees (skipped: no ${missing.join(", no ")})`
    : "the second verifier, in Python, agrees on every case",
  () => {
    const { exitCode, stdout } = Bun.spawnSync([
      "python3",
      join(import.meta.dir, "../verifiers/verify.py"),
      "--corpus",
      CORPUS,
    ]);
    expect([stdout.toString(), exitCode]).toEqual([`${CASES.length} cases, 0 disagree\n`, 0]);
  },
  TIMEOUT_MS,
);

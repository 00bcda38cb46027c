/**
 * Who checks the checker? Each check of the verifier is taken out in turn; the frozen corpus must then get a wrong
 * verdict. A check that nothing misses is either untested or not needed, and both are found here.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64 } from "./encoding.ts";
import type { CorpusCase, CorpusExpectation } from "./simulation/generate-corpus.ts";

const TIMEOUT_MS = 180_000;
const CORPUS = join(import.meta.dir, "../corpus");
const CASES: readonly CorpusCase[] = JSON.parse(readFileSync(join(CORPUS, "cases.json"), "utf8"));

interface Variant {
  readonly file: string;
  /** Offset of the text that is replaced. */
  readonly at: number;
  readonly find: string;
  readonly replace: string;
}

/** Calls that report a failure, and returns that name a fault: each is made to say nothing. */
const SILENCED: readonly (readonly [pattern: RegExp, replace: string])[] = [
  [/findings\.fail\(/g, "((..._ignored: readonly unknown[]): void => undefined)("],
  [/return "[^"]+";/g, "{}"],
  [/return `[^`]+`;/g, "{}"],
];

/** Checks inside the cryptography and the reader. */
const WEAKENED: readonly (readonly [file: string, find: string, replace: string])[] = [
  ["merkle-proof.ts", "return sn === 0 && equalBytes(computed, root);", "return true;"],
  ["heads.ts", "return verifyInclusion(", "return true || verifyInclusion("],
  [
    "signed-note.ts",
    "return valid ? { key, timeSeconds: undefined } : undefined;",
    "return { key, timeSeconds: undefined };",
  ],
  ["signed-note.ts", "return valid ? { key, timeSeconds } : undefined;", "return { key, timeSeconds };"],
  ["trust-policy.ts", "policy.quorum !== undefined && seenBySeconds === undefined", "false"],
  ["trust-policy.ts", "[quorum.threshold - 1]", "[0]"],
  ["verify-disclosures.ts", "=== committed", "!== undefined"],
  ["verify-disclosures.ts", "authority_ref === requester_ref", "false"],
  ["bundle-parse.ts", 'if (canonicalJson(value, { numbers: "safe-integers" }) !== line)', "if (false)"],
  ["bundle-parse.ts", "counted.join() !==", "false && counted.join() !=="],
  ["record-header.ts", "opens === (header.seq === 0)", "true"],
];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evidence-broken-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readSource(file: string): string {
  return readFileSync(join(import.meta.dir, file), "utf8");
}

function listVariants(): readonly Variant[] {
  const files = readdirSync(import.meta.dir).filter((file) =>
    /^verify-(?:anchor|chain|disclosures|pairing)\.ts$/.test(file),
  );
  const silenced = files.flatMap((file) =>
    SILENCED.flatMap(([pattern, replace]) =>
      [...readSource(file).matchAll(pattern)].map(({ index, 0: find }) => ({ file, at: index, find, replace })),
    ),
  );
  const weakened = WEAKENED.map(([file, find, replace]) => ({
    file,
    at: readSource(file).indexOf(find),
    find,
    replace,
  }));
  return [...silenced, ...weakened];
}

function nameOf({ file, at, find }: Variant): string {
  const before = readSource(file).slice(0, at);
  return `${file}:${before.split("\n").length} without \`${find.slice(0, 60)}\``;
}

/** True when some case of the corpus gets another result than it must. */
async function isNoticed(variant: Variant, number: number): Promise<boolean> {
  const copy = join(folder, String(number));
  cpSync(import.meta.dir, copy, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  const source = readSource(variant.file);
  writeFileSync(
    join(copy, variant.file),
    source.slice(0, variant.at) + variant.replace + source.slice(variant.at + variant.find.length),
  );
  const broken: { expectationOf(bytes: Uint8Array, policy: string | undefined): Promise<CorpusExpectation> } =
    await import(join(copy, "simulation/generate-corpus.ts"));
  for (const one of CASES.toReversed()) {
    const policy = one.policy === null ? undefined : readFileSync(join(CORPUS, one.policy), "utf8");
    const found = await broken.expectationOf(bytesOf(one), policy).catch(() => undefined);
    if (!Bun.deepEquals(found, one.expect)) return true;
  }
  return false;
}

function bytesOf({ base, parts }: CorpusCase): Uint8Array {
  const source = readFileSync(join(CORPUS, base));
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? fromBase64(part) : source.subarray(part[0], part[1]))),
    ),
  );
}

test(
  "the corpus notices every check that is taken out of the verifier",
  async () => {
    const variants = listVariants();
    expect(variants.length).toBeGreaterThan(40);
    expect(variants.filter(({ at }) => at < 0)).toEqual([]);
    const survivors: string[] = [];
    for (const [i, variant] of variants.entries()) {
      if (!(await isNoticed(variant, i))) survivors.push(nameOf(variant));
    }
    expect(survivors).toEqual([]);
  },
  TIMEOUT_MS,
);

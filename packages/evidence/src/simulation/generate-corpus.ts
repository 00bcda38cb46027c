/**
 * Writes the frozen corpus: honest bundles, bundles of dishonest writers, and tampered copies, each with the verdicts
 * it must get from every verifier. Run once per format: `bun packages/evidence/src/simulation/generate-corpus.ts`.
 * It refuses to overwrite: a frozen corpus that follows the code checks nothing.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toBase64, utf8Encode } from "../encoding.ts";
import { VERDICT_NAMES } from "../findings.ts";
import { nodeCrypto } from "../node-crypto.ts";
import { parseTrustPolicy } from "../trust-policy.ts";
import { verifyBundle } from "../verify-bundle.ts";
import { DISHONEST_PLAYS, HandWrittenSession, HONEST_PLAYS } from "./hand-written-session.ts";
import { simulateSession } from "./random-session.ts";
import { seededRandom } from "./seeded-random.ts";
import { simulateWorld } from "./simulated-world.ts";
import { TAMPER_NAMES, tamper } from "./tamper.ts";

export interface CorpusCase {
  readonly name: string;
  /** File of the bundle that the parts are cut from. */
  readonly base: string;
  /** File of the trust policy; null verifies without one. */
  readonly policy: string | null;
  /** Joined they are the bundle: `[from, to]` of the base, or new bytes in base64. */
  readonly parts: readonly (readonly [number, number] | string)[];
  readonly expect: CorpusExpectation;
}

export interface CorpusExpectation {
  readonly verdicts: Readonly<Record<string, string>>;
  readonly disclosure: object;
  readonly open: number;
  readonly records: number;
}

const SEED = 20_261_123;
const TAMPERED_PER_KIND = 8;

interface Base {
  readonly file: string;
  readonly policyFile: string;
  readonly bytes: Uint8Array;
  readonly other: Uint8Array;
  readonly policy: string;
}

/** What every verifier must find, as ours finds it now. */
export async function expectationOf(bytes: Uint8Array, policy: string | undefined): Promise<CorpusExpectation> {
  const trust = policy === undefined ? undefined : parseTrustPolicy(nodeCrypto, policy);
  const report = await verifyBundle(bytes, { crypto: nodeCrypto, policy: trust });
  const verdicts = Object.fromEntries(VERDICT_NAMES.map((name) => [name, report.verdicts[name].verdict]));
  return {
    verdicts,
    disclosure: report.disclosure,
    open: report.pairing.open,
    records: report.bundle?.records.length ?? 0,
  };
}

function honestBases(): readonly Base[] {
  const shapes = [
    { actionsMax: 0, witnesses: 0, hidden: false },
    { actionsMax: 3, witnesses: 0, hidden: false },
    { actionsMax: 6, witnesses: 1, hidden: true },
    { actionsMax: 8, witnesses: 3, hidden: true },
    { actionsMax: 12, witnesses: 2, hidden: false },
  ];
  return shapes.map((shape, i) => {
    const { log, random, session } = simulateWorld(SEED + i, shape);
    const second = simulateSession(log, random, shape.actionsMax);
    const other = utf8Encode(log.exportBundle(second.tenant, second.sid));
    const bytes = utf8Encode(log.exportBundle(session.tenant, session.sid));
    return { file: `honest-${i}.aegis`, policyFile: `honest-${i}.policy`, bytes, other, policy: log.trustPolicy() };
  });
}

function handWrittenBases(): readonly (Base & { readonly name: string })[] {
  const plays = [
    ...Object.entries(HONEST_PLAYS),
    ...Object.entries(DISHONEST_PLAYS).map(([name, [, , play]]) => [name, play] as const),
  ];
  return plays.map(([name, play], i) => {
    const session = new HandWrittenSession(1);
    play(session);
    const bytes = utf8Encode(session.log.exportBundle("t", "s"));
    return {
      name,
      file: `written-${i}.aegis`,
      policyFile: "written.policy",
      bytes,
      other: bytes,
      policy: session.log.trustPolicy(),
    };
  });
}

/** The lines that also stand in the base as ranges, the others as bytes. */
function toParts(base: Uint8Array, bytes: Uint8Array): CorpusCase["parts"] {
  const known = new Map(linesOf(base).map(([from, to]) => [toBase64(base.slice(from, to)), [from, to] as const]));
  const parts: (readonly [number, number] | string)[] = [];
  for (const [from, to] of linesOf(bytes)) {
    const text = toBase64(bytes.slice(from, to));
    const range = known.get(text);
    const last = parts.at(-1);
    if (range !== undefined && Array.isArray(last) && last[1] === range[0])
      parts[parts.length - 1] = [last[0], range[1]];
    else parts.push(range ?? text);
  }
  return parts;
}

function linesOf(bytes: Uint8Array): readonly (readonly [number, number])[] {
  const lines: (readonly [number, number])[] = [];
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, from);
    const to = newline < 0 ? bytes.length : newline + 1;
    lines.push([from, to]);
    from = to;
  }
  return lines;
}

async function caseOf(name: string, base: Base, bytes: Uint8Array, trusted = true): Promise<CorpusCase> {
  const expect = await expectationOf(bytes, trusted ? base.policy : undefined);
  return { name, base: base.file, policy: trusted ? base.policyFile : null, parts: toParts(base.bytes, bytes), expect };
}

async function generateCases(honest: readonly Base[]): Promise<readonly CorpusCase[]> {
  const cases: CorpusCase[] = [];
  for (const base of honest) {
    cases.push(await caseOf(`${base.file}, trusted`, base, base.bytes));
    cases.push(await caseOf(`${base.file}, without a trust policy`, base, base.bytes, false));
  }
  const random = seededRandom(SEED);
  for (const name of TAMPER_NAMES) {
    for (let done = 0; done < TAMPERED_PER_KIND; ) {
      const base = honest[1 + random.below(honest.length - 1)];
      const tampered = base === undefined ? undefined : tamper(name, base, random);
      if (base === undefined || tampered === undefined) continue;
      done++;
      cases.push(await caseOf(`${base.file}: ${name} (${done})`, base, tampered.bytes, done % 4 !== 0));
    }
  }
  for (const base of handWrittenBases()) cases.push(await caseOf(base.name, base, base.bytes));
  return cases;
}

async function writeCorpus(folder: string): Promise<void> {
  if (existsSync(folder)) throw new Error(`${folder} exists: the corpus is frozen`);
  mkdirSync(folder, { recursive: true });
  const honest = honestBases();
  for (const base of [...honest, ...handWrittenBases()]) {
    writeFileSync(join(folder, base.file), base.bytes);
    writeFileSync(join(folder, base.policyFile), base.policy);
  }
  const cases = await generateCases(honest);
  writeFileSync(join(folder, "cases.json"), `[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`);
}

if (import.meta.main) await writeCorpus(join(import.meta.dirname, "../../corpus"));
